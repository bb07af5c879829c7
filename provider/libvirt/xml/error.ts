/** Why XML could not be read, or a value could not be expressed in it. */
export type XmlErrorKind =
  /** The text is not well-formed XML 1.0 with namespaces. */
  | "malformed"
  /** The text has a document type declaration; libvirt never writes one, so it is refused unread. */
  | "doctypeRefused"
  /** Elements nest deeper than {@link maximumDepth}. */
  | "tooDeep"
  /** The root element is another one than the reader expects. */
  | "unexpectedRoot"
  /** A number, size, address or mandatory attribute is missing or can't be understood. */
  | "invalidValue"
  /** A string holds characters that no XML 1.0 document can carry, see `isXmlText`. */
  | "forbiddenCharacter"
  /** The document uses something that the model cannot describe, or the model asks for it. */
  | "notModelled"
  /** An XPath of an {@link XmlPatch} is no XPath, or selects what can't be patched. */
  | "patchInvalid"
  /** An {@link XmlPatch} changes what patches may not: the name, the UUID, our notes, a password. */
  | "patchForbidden"
  /** An XPath of an {@link XmlPatch} selects nothing. */
  | "patchMatchesNothing";

/** A problem with XML, testable by its `kind`; `cause` has the parser's own error where there was one. */
export class XmlError extends Error {
  override readonly name = "XmlError";
  readonly kind: XmlErrorKind;

  constructor(kind: XmlErrorKind, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.kind = kind;
  }
}
