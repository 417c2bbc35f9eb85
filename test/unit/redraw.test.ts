import { expect, test } from 'vitest'
import { redraw } from '../../src/ui/redraw.ts'
import { fakeTerminal } from '../terminal/keys.ts'

test('lines are drawn in the same place, cut to the width and the height, and the cursor comes back', () => {
  const terminal = fakeTerminal(20)
  const { draw, end } = redraw(terminal.output)
  draw(['one', '', 'a line that is far too long for it', 'three'])
  expect(terminal.screen()).toBe('one\n\na line that is far…\nthree\n')
  draw(['two', '\x1b[31mred\x1b[0m'])
  expect(terminal.screen()).toBe('two\nred\n')
  terminal.output.rows = 4
  terminal.output.columns = 60
  draw(['1\n2', '3', '4', '5'])
  expect(terminal.screen()).toBe('1\n2\n… 3 more lines; make the window higher\n')
  expect(terminal.written().lastIndexOf('\x1b[?25l')).toBeGreaterThan(-1)
  end()
  expect(terminal.written().lastIndexOf('\x1b[?25h')).toBeGreaterThan(terminal.written().lastIndexOf('\x1b[?25l'))
})

test('a window made narrower has wrapped what was drawn', () => {
  const terminal = fakeTerminal(40)
  const { draw } = redraw(terminal.output)
  draw(['x'.repeat(30), 'y'])
  terminal.output.columns = 20
  draw(['z'])
  // The thirty letters take two lines now.
  expect(terminal.written()).toContain('\x1b[3A')
})
