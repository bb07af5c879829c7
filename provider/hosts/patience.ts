/** How long who only looks at hosts waits for the answer to anything: libvirt may take as long to look at a pool of many volumes again. */
export const ANSWERS_WITHIN_MS = 60_000;
