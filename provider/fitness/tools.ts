/** Programs of a host without which no image is made in a pool's folder there. */
export const WORKSHOP_PROGRAMS = ["flock", "stat", "base64", "head", "mktemp"] as const;
/** Any of them. Of wget only GNU's: busybox's takes no address from its input. */
export const DOWNLOAD_PROGRAMS = ["curl", "wget"] as const;
/** Each for images of its own. */
export const UNPACK_PROGRAMS = ["gzip", "xz", "zstd", "bzip2", "tar"] as const;

/** What the provider runs on hosts for images, beside the shell. */
export const imagePrograms = [
  ...WORKSHOP_PROGRAMS,
  ...DOWNLOAD_PROGRAMS,
  ...UNPACK_PROGRAMS,
  "qemu-img",
] as const;
export type ImageProgram = (typeof imagePrograms)[number];

/** POSIX sh: prints those of its arguments that are programs here, each on a line. */
export const presentPrograms = `for each do
  command -v "$each" >/dev/null 2>&1 || continue
  if [ "$each" = wget ]; then wget --version 2>/dev/null | grep -q GNU || continue; fi
  echo "$each"
done`;
