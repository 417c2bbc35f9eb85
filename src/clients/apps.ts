// Apps of the desktop, the phone and the browser.

import type { Client } from './client.ts'

const NOT_FOUND = 'no setting for it has been verified'

export const apps: Client[] = [
  {
    id: 'page-assist', name: 'Page Assist (browser extension)', api: 'ollama', origin: 'page-assist',
    logins: {
      basic: { verified: 'source', settings: [{ page: 'Settings, Ollama', fields: { 'Ollama URL': '<URL>', 'Advanced, Custom headers': 'Authorization = Basic <B64>' } }] },
      bearer: { verified: 'source', settings: [{ page: 'Settings, Ollama', fields: { 'Ollama URL': '<URL>', 'Advanced, Custom headers': 'Authorization = Bearer <KEY>' } }] },
      mtls: null,
    },
    why: NOT_FOUND, trust: null,
    evidence: ['https://github.com/n4ze3m/page-assist/blob/87808cf/src/libs/runtime.ts', 'https://github.com/n4ze3m/page-assist/blob/87808cf/src/libs/fetcher.ts'],
  },
  {
    id: 'raycast', name: 'Raycast (extension Ollama AI)', api: 'ollama',
    logins: {
      basic: { verified: 'source', settings: [{ page: 'Manage Models, Add Server', fields: { URL: '<URL>', 'Auth mode': 'Basic', User: '<USER>', Password: '<PASS>' } }] },
      bearer: { verified: 'source', settings: [{ page: 'Manage Models, Add Server', fields: { URL: '<URL>', 'Auth mode': 'Bearer', Token: '<KEY>' } }] },
      mtls: null,
    },
    why: 'its form has no field for a client certificate', trust: null,
    evidence: ['https://github.com/MassimilianoPasquini97/raycast_ollama/blob/5c101d9/src/lib/ollama/ollama.ts'],
  },
  {
    id: 'enchanted', name: 'Enchanted (iPhone, iPad, Mac)', api: 'ollama', runs: 'phone',
    logins: {
      basic: null,
      bearer: { verified: 'source', settings: [{ page: 'Settings', fields: { 'Ollama server URI': '<URL>', 'Bearer Token': '<KEY>' } }] },
      mtls: null,
    },
    why: 'it has fields for a URL and a key alone', trust: null,
    evidence: ['https://github.com/gluonfield/enchanted/blob/2f82ee2/Enchanted/Services/OllamaService.swift'],
  },
  {
    id: 'ollaman', name: 'OllaMan', api: 'ollama',
    logins: { basic: null, bearer: null, mtls: null },
    why: 'it is closed source, and nothing about logins has been verified', trust: null,
    evidence: [],
  },
  {
    id: 'other', name: 'Anything that knows Ollama at an address without a login', api: 'ollama',
    logins: { basic: null, bearer: null, mtls: null },
    why: 'what knows no login needs one added on the way', trust: null,
    evidence: [],
  },
]
