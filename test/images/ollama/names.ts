// Model names: `[host/][namespace/]model[:tag]`, and which ones this stand-in's registry has.

import { createHash } from 'node:crypto'
import { Refusal } from './answer.ts'

export interface Layer {
  mediaType: string
  digest: string
  size: number
}

export interface Known {
  family: string
  parameters: string
  quantization: string
  embeds: boolean
  /** How long a whole pull takes. */
  milliseconds: number
  /** The disk is "full" after this share of the first layer. */
  fullAt?: number
  layers: Layer[]
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

function known(name: string, family: string, parameters: string, quantization: string, size: number, more: Partial<Known> = {}): [string, Known] {
  const layer = (kind: string, size: number): Layer => ({
    mediaType: `application/vnd.ollama.image.${kind}`,
    digest: `sha256:${sha256(`stand-in ${name} ${kind}`)}`,
    size,
  })
  const layers = [layer('model', size), layer('template', 358), layer('license', 8432), layer('params', 77), layer('config', 490)]
  return [name, { family, parameters, quantization, embeds: family === 'bert', milliseconds: 1500, layers, ...more }]
}

export const REGISTRY = new Map([
  known('gemma3:1b', 'gemma3', '999.89M', 'Q4_K_M', 815_310_432),
  known('gemma3:latest', 'gemma3', '4.3B', 'Q4_K_M', 3_338_792_448),
  known('llama3.2:1b', 'llama', '1.2B', 'Q8_0', 1_321_082_688),
  known('llama3.2:latest', 'llama', '3.2B', 'Q4_K_M', 2_019_377_376),
  known('qwen3:0.6b', 'qwen3', '751.63M', 'Q4_K_M', 522_640_096),
  known('qwen3:latest', 'qwen3', '8.2B', 'Q4_K_M', 5_225_374_848),
  known('smollm2:135m', 'llama', '134.52M', 'F16', 270_885_952),
  known('all-minilm:latest', 'bert', '23M', 'F16', 45_949_216),
  known('slow:1b', 'llama', '1.2B', 'Q4_K_M', 1_000_000_000, { milliseconds: 20_000 }),
  known('full:1b', 'llama', '1.2B', 'Q4_K_M', 1_000_000_000, { fullAt: 0.6 }),
])

export interface ModelName {
  /** As asked for. */
  asked: string
  /** Without the default host and namespace, with the tag. */
  full: string
  cloud: boolean
}

const VALID = /^(?:[a-z]+:\/\/)?(?:[\w-][\w.-]*(?::\d+)?\/)?(?:[\w-][\w.-]*\/)?[\w-][\w.-]{0,79}(?::[\w][\w.-]{0,79})?$/i

export function modelName(value: unknown, invalid: Refusal): ModelName {
  if (typeof value !== 'string' || !VALID.test(value)) throw invalid
  const [, path = '', tag] = /^(.*?)(?::([^/:]+))?$/.exec(value) ?? []
  const cloud = tag === 'cloud' || (tag?.endsWith('-cloud') ?? false)
  const short = path.replace(/^(?:https?:\/\/)?registry\.ollama\.ai\//i, '').replace(/^library\//i, '')
  return { asked: value, full: `${short}:${tag ?? 'latest'}`.toLowerCase(), cloud }
}
