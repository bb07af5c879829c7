import type { SeedDocument } from "./document.js";

/** An installer's answers, and files that it is to find beside them. */
export interface AnswerFile {
  /** `autounattend.xml`, which Windows Setup looks for on every removable medium. */
  windows?: string | undefined;
  /** `ks.cfg`, which Anaconda (Fedora, RHEL and their like) looks for on a medium of a label of its own. */
  kickstart?: string | undefined;
  /** By path: text, or bytes in base64. */
  files?: Readonly<Record<string, string | { readonly base64: string }>> | undefined;
}

/** What Windows shows the medium as. */
const WINDOWS_LABEL = "UNATTEND";
const ANACONDA_LABEL = "OEMDRV";

export function answerDocuments({ windows, kickstart, files = {} }: AnswerFile): {
  label: string;
  documents: SeedDocument[];
} {
  const text = (path: string, of: string | undefined): SeedDocument[] =>
    of === undefined ? [] : [{ path, content: { kind: "text", text: of } }];
  return {
    label: kickstart === undefined ? WINDOWS_LABEL : ANACONDA_LABEL,
    documents: [
      ...text("autounattend.xml", windows),
      ...text("ks.cfg", kickstart),
      ...Object.entries(files).flatMap(([path, of]): SeedDocument[] =>
        typeof of === "string" ? text(path, of) : [{ path, content: { kind: "base64", text: of.base64 } }],
      ),
    ],
  };
}
