/** Wrong inputs of a storage pool with the path /var/lib/images, and what is said about each. */
export const poolTable: readonly [Record<string, unknown>, string][] = [
  [{ type: "nfs" }, 'type: "nfs" must be one of "dir", "fs", "netfs", "logical", "iscsi", "zfs", "rbd"'],
  [
    { path: undefined },
    'path: is missing: type "dir" needs a folder on the hosts, such as /var/lib/libvirt/images',
  ],
  [{ source: { host: "a" } }, 'source.host: is not for type "dir", which is a folder'],
  [
    { type: "netfs", source: { dir: "/export" } },
    'source.host: is missing: type "netfs" needs the server, such as nfs.example.net',
  ],
  [
    { type: "netfs", source: { host: "nfs_1", dir: "/export" } },
    'source.host: "nfs_1" must be a DNS name or an IP address',
  ],
  [
    { type: "netfs", source: { host: "a", dir: "export" } },
    'source.dir: "export" must be an absolute path on the server, such as /export/images',
  ],
  [
    { type: "netfs", source: { host: "a", dir: "/export", format: "ext4" } },
    'source.format: "ext4" is not for type "netfs": it takes auto, nfs, cifs, glusterfs',
  ],
  [
    { type: "netfs", source: { host: "a", dir: "/export", format: "cifs", protocolVersion: "3" } },
    'source.protocolVersion: is for NFS, and format is "cifs"',
  ],
  [
    { type: "fs", source: { device: "sdb1" } },
    'source.device: "sdb1" must be an absolute path on the host, such as /dev/sdb1',
  ],
  [
    { type: "fs", source: { device: "/dev/sdb1", host: "a" } },
    'source.host: is not for type "fs": it takes device, format',
  ],
  [
    { type: "logical", path: undefined, source: {} },
    'source.name: is missing: type "logical" needs the volume group',
  ],
  [
    { type: "logical", source: { name: "vg0" } },
    'path: is not for type "logical": its volumes are below /dev, by the name of source.name',
  ],
  [
    { type: "logical", path: undefined, source: { name: "vg0" }, build: true },
    "build: needs source.devices: the blank devices on which a volume group is made",
  ],
  [{ build: true }, 'build: is not for type "dir": its folder is made anyway'],
  [
    { type: "iscsi", source: { host: "a", device: "/dev/sdb" } },
    'source.device: "/dev/sdb" must be the name of an iSCSI target, such as iqn.2026-01.net.example:images',
  ],
  [
    { type: "rbd", path: undefined, source: { name: "p", host: "a", auth: { username: "u", secret: {} } } },
    "source.auth.secret: needs either uuid or usage, by which libvirt on the hosts knows the secret",
  ],
  [
    { type: "rbd", path: undefined, source: { name: "p", host: "a", hosts: ["b"] } },
    "source.hosts: says the same as source.host; give one or the other",
  ],
  [
    { type: "rbd", path: undefined, source: { name: "p", host: { name: "a", port: 0 } } },
    "source.host.port: 0 must be a whole number from 1 to 65535",
  ],
  [
    { type: "netfs", source: { hosts: ["a", "b"], dir: "/x" } },
    'source.hosts: must be one for type "netfs": libvirt takes no second server',
  ],
  [
    {
      type: "rbd",
      path: undefined,
      source: { name: "p", host: "a", auth: { username: "admin", secret: "AQBcephkey==" } },
    },
    "source.auth.secret: must be { uuid } or { usage }, by which libvirt on the hosts knows the secret (virsh secret-define, secret-set-value); the password itself isn't given here (the value is secret)",
  ],
];
