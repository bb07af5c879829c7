/** Wrong inputs of an image from /images/base.qcow2, and what is said about each. */
export const imageTable: readonly [Record<string, unknown>, string][] = [
  [
    { source: undefined },
    "source: is missing: it must be an https or http URL, or the path of a file of this machine",
  ],
  [{ source: "" }, 'source: "" must be an https or http URL, or the path of a file of this machine'],
  [
    { source: "ftp://mirror.example/base.qcow2" },
    'source: "ftp://mirror.example/base.qcow2" must be an https or http URL, or the path of a file of this machine; ftp isn\'t supported',
  ],
  [
    { source: "file:///images/base.qcow2" },
    'source: "file:///images/base.qcow2" must be a path rather than a file URL: a path of this machine, absolute or from the program\'s folder',
  ],
  [{ source: "https://" }, 'source: "https://" is no valid URL'],
  // What is found out of a source is no input, though it stands among them.
  [
    { checksum: `sha256:${"a".repeat(64)}` },
    "checksum: there is no such input; did you mean sha256 or sha512 or checksumUrl?",
  ],
  [{ url: "https://mirror.example/base.qcow2" }, "url: there is no such input; did you mean source?"],
  [{ sha256: "abc" }, 'sha256: "abc" must be a sha256 sum: 64 hexadecimal digits'],
  [{ sha256: "g".repeat(64) }, `sha256: "${"g".repeat(64)}" must be a sha256 sum: 64 hexadecimal digits`],
  [
    { sha512: "a".repeat(64) },
    `sha512: "${"a".repeat(64)}" must be a sha512 sum: 128 hexadecimal digits; this has as many as a sha256 sum`,
  ],
  [
    { sha256: "a".repeat(64), sha512: "b".repeat(128) },
    "sha512: give one of sha256, sha512 and checksumUrl, not sha256 and sha512",
  ],
  [
    { sha256: "a".repeat(64), checksumUrl: "https://mirror.example/SHA256SUMS" },
    "checksumUrl: give one of sha256, sha512 and checksumUrl, not sha256 and checksumUrl",
  ],
  [{ checksumUrl: "SHA256SUMS" }, 'checksumUrl: "SHA256SUMS" must be an https or http URL'],
  [{ format: "vmdk" }, 'format: "vmdk" must be one of "qcow2", "raw"'],
  [
    { source: "https://mirror.example/appliance.ova" },
    "source: appliance.ova is an archive of several files: name the disk in it as member, or let kvm.ova(...) read what is in it",
  ],
  [
    { member: "disk.vmdk\nkeep" },
    'member: "disk.vmdk\\nkeep" must be the name of a file in the archive, as tar lists it',
  ],
  [{ revision: 1.5 }, "revision: 1.5 must be a text or a whole number"],
  [{ retainOnDelete: "yes" }, 'retainOnDelete: "yes" must be true or false'],
  [{ chekcsumUrl: "https://a" }, "chekcsumUrl: there is no such input; did you mean checksumUrl?"],
  [{ hosts: {} }, "hosts: {} must name at least one host"],
];
