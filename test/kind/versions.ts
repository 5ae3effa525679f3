/** Every version that the cluster pins, in one place. Changing one rebuilds just the parts that depend on it. */

export const kubernetesVersion = '1.36.3'
export const kindVersion = 'v0.33.0'
export const localPathVersion = 'v0.0.30'

/** Tags that kubeadm of that Kubernetes asks for; the code itself is pinned by the go.mod files under node-image. */
export const etcdTag = '3.6.8-0'
export const corednsTag = 'v1.14.2'
export const pauseTag = '3.10.2'

/**
 * Flux's kustomize-controller, and the source-controller that its go.mod asks for, whose kinds it watches. The newest of those that minimumGo
 * builds and that were released for kubernetesVersion: 1.10 asks for Go 1.27.
 */
export const kustomizeControllerVersion = 'v1.9.6'
export const sourceControllerVersion = 'v1.9.0'

/** The Lua that Argo CD runs health checks in, in the version that its go.mod asks for. */
export const gopherLuaVersion = 'v1.1.2'

/** The stock node image, used where an image registry is in reach. */
export const stockNodeImage = `docker.io/kindest/node:v${kubernetesVersion}`

/** node-image/runtime/go.mod asks for this patch release; GOTOOLCHAIN=local, so the machine's own Go must be at least as new. */
export const minimumGo = '1.26.6'
