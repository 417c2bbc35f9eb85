// Ollama's own port on every address of this machine, those of containers' networks included.

import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import { isOllama, OLLAMA_PORT } from '../ollama/bare-ollama.ts'
import { couldNotRun, failed, passed, type Check } from '../checks/check.ts'

export const attackAddresses: Check = {
  id: 'attack-addresses',
  title: 'No address of this machine leads to Ollama past the login',
  async run({ project, engine, signal }) {
    const addresses = Object.values(networkInterfaces()).flatMap((entries = []) => entries.map(({ address }) => address)).filter((address) => !/^fe[89ab]/i.test(address))
    const answering = (await Promise.all(addresses.map(async (address) => ((await isOllama(address, signal)) ? [address] : [])))).flat()
    const place = (address: string): string => `${isIP(address) === 6 ? `[${address}]` : address}:${OLLAMA_PORT}`
    const others: string[] = []
    for (const address of answering) {
      const owner = await engine?.portOwner(address, OLLAMA_PORT)
      // An Ollama beside the stack is its owner's affair, if it can be told that it is one.
      if (!owner) return couldNotRun(`an Ollama answers at ${place(address)} without a login, and whose it is can't be seen`)
      if (owner.project === project.name) return failed(`${place(address)} answers without a login`)
      others.push(`${place(address)} is another Ollama (${owner.name || 'a process'})`)
    }
    return passed([`${addresses.length} addresses, port ${OLLAMA_PORT}`, ...others].join('; '))
  },
}
