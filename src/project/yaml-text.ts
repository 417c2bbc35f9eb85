import type { Document } from 'yaml'

/** A changed YAML document as text, laid out as the shipped files are: nothing folded, `[a, b]`. Comments stay. */
export function yamlText(doc: Document): string {
  return doc.toString({ lineWidth: 0, flowCollectionPadding: false, doubleQuotedMinMultiLineLength: Infinity })
}
