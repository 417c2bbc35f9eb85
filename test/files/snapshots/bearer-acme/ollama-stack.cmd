@echo off
rem Runs the copy of ollama-stack that made this project, on this project.
setlocal
set "OLLAMA_STACK_PROJECT=%~dp0."
node "%~dp0.ollama-stack\ollama-stack.js" %*
