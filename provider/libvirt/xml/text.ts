// The lookahead takes tab, line feed, carriage return and U+007F-U+009F (legal, if discouraged) out of the
// control characters; with the u flag \p{Cs} matches only surrogates without their other half.
const forbidden = /(?![\t\n\r\u{7f}-\u{9f}])\p{Cc}|\p{Cs}|[\u{fffe}\u{ffff}]/u;

/** Texts of which each half of a pair, and all else that takes a closer look, are left out. */
const plain = /^[\t\n\r\u0020-\ud7ff\ue000-\ufffd]*$/;

/** Whether a string can be carried by XML 1.0 (section 2.2): no control characters but tab and line ends, no lone surrogates. */
export function isXmlText(text: string): boolean {
  return plain.test(text) || !forbidden.test(text);
}

/**
 * Whether libvirt gives the string back unchanged when it is an attribute's value (paths, volume and network names).
 *
 * libvirt 9.0 writes line ends and tabs into attributes as they are, and its own next reading turns them into
 * spaces (XML 1.0, section 3.3.3): the definition then names another file than was asked for. `<metadata>` is
 * written by libxml2, which escapes them, so our marks are not concerned.
 */
export function survivesLibvirtAttribute(text: string): boolean {
  return isXmlText(text) && !/[\t\n\r]/.test(text);
}

/**
 * Whether libvirt gives the string back unchanged when it is an element's text (description, kernel, command line).
 * A carriage return is written as it is and becomes a line feed at the next reading (section 2.11).
 */
export function survivesLibvirtText(text: string): boolean {
  return isXmlText(text) && !text.includes("\r");
}
