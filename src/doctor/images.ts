// The images that run: how old, and whether they have the fixes that are known.

import { DAY_MS } from '../ui/when.ts'
import { ofBoth, ok, warn, worst, type Check, type Verdict } from './check.ts'
import { FLOORS, reaches } from './floors.ts'

/** Half a year: each of these projects has had security fixes in such a time. */
const OLD_DAYS = 180

export const imageChecks: Check[] = [
  ofBoth({
    id: 'image-age',
    title: 'Age of the images',
    async run({ containers, now }) {
      const dated = (await containers()).flatMap(({ image, imageCreated }) => (imageCreated ? [{ image, days: Math.floor((now.getTime() - imageCreated.getTime()) / DAY_MS) }] : []))
      const old = dated.filter(({ days }) => days > OLD_DAYS).map(({ image, days }) => warn(`${image} was made ${days} days ago`, 'Newer ones: ollama-stack upgrade'))
      return worst(old, dated.length === 0 ? null : ok(each(dated.map(({ image, days }) => `${image}: ${days} days`))))
    },
  }),
  ofBoth({
    id: 'image-fixes',
    title: 'Known security fixes',
    async run({ containers, inside }) {
      const looked = await Promise.all((await containers()).map(async ({ service, image }) => {
        const floor = FLOORS.find((one) => one.image.test(image.replace(/@.*$/, '').replace(/:[^/:]*$/, '')))
        const text = floor && await inside(service, floor.command)
        const version = text ? floor.version.exec(text.trim())?.[1] : undefined
        return floor && version !== undefined ? [{ image, version, floor }] : []
      }))
      const found = looked.flat()
      const without = found.filter(({ version, floor }) => !reaches(version, floor))
      // Several images may lack the same fixes.
      const floors = new Map(without.map(({ floor }) => [floor.reason, floor]))
      const verdicts = [...floors.values()].map(({ level, least, reason, source }): Verdict => ({
        level,
        evidence: `${each(without.filter(({ floor }) => floor.reason === reason).map(({ image, version }) => `${image} runs ${version}`))}, before ${least.toReversed().join(' or ')}: ${reason}`,
        hint: `Newer images: ollama-stack upgrade   About it: ${source}`,
      }))
      return worst(verdicts, found.length === 0 ? null : ok(each(found.map(({ image, version }) => `${image} runs ${version}`))))
    },
  }),
]

/** Several services may run the same image. */
const each = (lines: readonly string[]): string => [...new Set(lines)].join(', ')
