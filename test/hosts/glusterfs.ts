import type { LabHost } from "./host.js";

/** A GlusterFS server in a test host, whose one volume every host can mount: a network file system that needs no module of the kernel but FUSE. */
export async function startGlusterfs(
  server: LabHost,
  volume: string,
  clients: readonly LabHost[],
): Promise<void> {
  for (const host of clients) await host.shell("[ -e /dev/fuse ] || mknod /dev/fuse c 10 229");
  const folder = "/var/lib/libvirt/glusterfs";
  await server.shell(
    `mkdir -p ${folder}/state ${folder}/log ${folder}/brick /run/gluster
    mount --bind ${folder}/state /var/lib/glusterd
    mount --bind ${folder}/log /var/log/glusterfs
    glusterd -p /run/glusterd.pid
    for i in $(seq 100); do gluster --mode=script pool list >/dev/null 2>&1 && break; sleep 0.1; done
    gluster --mode=script volume create ${volume} ${server.name}:${folder}/brick force
    gluster --mode=script volume start ${volume}`,
    { timeoutMs: 60_000 },
  );
}
