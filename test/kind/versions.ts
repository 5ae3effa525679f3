/** Every version that the cluster pins, in one place. Changing one rebuilds just the parts that depend on it. */

export const kubernetesVersion = '1.36.3'
export const kindVersion = 'v0.33.0'
export const localPathVersion = 'v0.0.30'

/** Tags that kubeadm of that Kubernetes asks for; the code itself is pinned by the go.mod files under node-image. */
export const etcdTag = '3.6.8-0'
export const corednsTag = 'v1.14.2'
export const pauseTag = '3.10.2'

/** The stock node image, used where an image registry is in reach. */
export const stockNodeImage = `docker.io/kindest/node:v${kubernetesVersion}`

/** node-image/runtime/go.mod asks for this patch release; GOTOOLCHAIN=local, so the machine's own Go must be at least as new. */
export const minimumGo = '1.26.6'
