import { expect, test } from 'vitest'
import { insert, readGuide } from './guide.ts'

const guide = `Its folder is \`src/engines/tiny/\`; look at \`src/engines/redis\` and \`npm run x\`.

\`\`\`diff src/api/datastore.ts
+  tiny: 'tiny',
 } as const
\`\`\`

\`\`\`diff deploy/catalog/kustomization.yaml
+  - tiny.yaml
\`\`\`

\`\`\`sh
npm run generate
npm run check
\`\`\`
`

test('places, lines and commands are read from the guide as a person reads them', () => {
  expect(readGuide(guide, 'tiny')).toEqual({
    places: ['src/engines/tiny/'],
    insertions: [
      { file: 'src/api/datastore.ts', lines: ["  tiny: 'tiny',"], before: '} as const' },
      { file: 'deploy/catalog/kustomization.yaml', lines: ['  - tiny.yaml'] },
    ],
    commands: [['npm run generate', 'npm run check']],
  })
})

test('a line goes above the one that it is shown with, or to the end', () => {
  const [first, second] = readGuide(guide, 'tiny').insertions
  expect(insert("const a = {\n  big: 'big',\n} as const\nb\n", first!)).toBe("const a = {\n  big: 'big',\n  tiny: 'tiny',\n} as const\nb\n")
  expect(insert('resources:\n  - big.yaml\n', second!)).toBe('resources:\n  - big.yaml\n  - tiny.yaml\n')
})

test('a guide that speaks of what is not there is refused', () => {
  expect(() => insert('nothing\n', readGuide(guide, 'tiny').insertions[0]!)).toThrow('src/api/datastore.ts does not have: } as const')
  expect(() => readGuide('```diff\n+ a\n```\n', 'tiny')).toThrow('into which file')
  expect(() => readGuide('```diff a.ts\n b\n```\n', 'tiny')).toThrow('nothing of what goes above')
})
