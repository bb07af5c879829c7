/** The order in which libvirt writes the parts of a network: after which elements a new one is put. */
export const beforeBridge: readonly string[] = ["name", "uuid", "metadata", "forward"];
export const beforeDns: readonly string[] = [...beforeBridge, "bridge", "mtu", "mac", "domain"];
export const beforeVlan: readonly string[] = [...beforeDns, "dns"];
export const beforeAddresses: readonly string[] = [...beforeVlan, "vlan", "bandwidth", "port"];
export const beforeMoreAddresses: readonly string[] = [...beforeAddresses, "ip"];
export const beforeRoutes: readonly string[] = [...beforeMoreAddresses, "route"];
export const beforePortgroups: readonly string[] = [...beforeRoutes, "virtualport", "portgroup"];
