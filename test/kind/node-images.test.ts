import { expect, test } from 'vitest'
import { listHolds } from './node-images.ts'

const table = `REF                            TYPE                                  DIGEST        SIZE      PLATFORMS   LABELS
docker.io/library/postgres:17  application/vnd.oci.image.index.v1    sha256:idx    100 MiB   linux/amd64 io.cri-containerd.image=managed
trove.local/trove:dev          application/vnd.docker.manifest       sha256:man1   60.0 MiB  linux/amd64 io.cri-containerd.image=managed
sha256:cfg1                    application/vnd.docker.manifest       sha256:man1   60.0 MiB  linux/amd64 io.cri-containerd.image=managed
sha256:cfg0                    application/vnd.docker.manifest       sha256:man0   60.0 MiB  linux/amd64 io.cri-containerd.image=managed
`

test.each([
  ['an image is there if its name and its configuration lead to one manifest', 'trove.local/trove:dev', 'sha256:cfg1', true],
  ['the same name with other content is not there', 'trove.local/trove:dev', 'sha256:cfg0', false],
  ['an engine that names images by manifest is understood', 'postgres:17', 'sha256:idx', true],
  ['an unknown name is not there', 'trove.local/trove:other', 'sha256:cfg1', false],
])('%s', (_, reference, id, there) => expect(listHolds(table, reference, id)).toBe(there))
