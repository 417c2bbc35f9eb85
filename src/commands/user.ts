import { group } from '../cli/command.ts'
import { add } from './user/add.ts'
import { list } from './user/list.ts'
import { remove } from './user/remove.ts'
import { rotate } from './user/rotate.ts'

export const command = group({
  name: 'user',
  summary: 'Who may log in: add, list, rotate, remove',
  commands: { add, list, rotate, remove },
})
