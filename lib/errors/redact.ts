/**
 * Replaces secrets by `***`: user and password of URLs, signatures, tokens, keys and passwords, in
 * the forms in which URLs, headers, JSON, XML, configurations and Node's `inspect` write them.
 *
 * Finds secrets by the text before them. A secret without such a text stays.
 */
export function redact(text: string): string {
  return text
    .replace(USER_IN_URL, '$1***@')
    .replace(PRIVATE_KEY, '$1***')
    .replace(HEADER, '$1***')
    .replace(FIELD, '$1***')
    .replace(BEARER, '$1***');
}

/** A character of a user's name or of a token. A name without a password is no secret if it is short. */
const USER_CHARACTER = String.raw`[^\s/@:?#"'%]|%(?!3a|40)`;

/**
 * User and password of a URL, or a token alone. A secret key may hold slashes and `@`. What follows a colon
 * and begins as a port and a path is no password, except in `s3://`, which has no ports. The slashes may be escaped
 * for JSON or for a query, or missing.
 */
const USER_IN_URL = new RegExp(
  String.raw`(\b(?:s3|https?):|(?::|%3a)(?:\\?/|%2f){1,2})` +
    String.raw`(?:(?:${USER_CHARACTER})*(?::|%3a)(?:(?<=\bs3:/{0,2}[^\s/@:]*:)|(?!\d+(?:[/?#,;"'\s]|%2f|$)))` +
    String.raw`[^\s@]*?(?:@|%40)(?:[^\s"']*@)?|(?:${USER_CHARACTER}){8,}(?:@|%40))`,
  'gi',
);

/** A private key in PEM, to its end (RFC 7468). */
const PRIVATE_KEY =
  /(-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----)(?:(?!-----END)[\s\S])*(?:-----END [A-Z ]{0,40}PRIVATE KEY-----)?/g;

/** An opening quote; `\x60` is a backtick. */
const QUOTE = String.raw`(?:\\*["'\x60])?`;

/** Text within quotes. */
const QUOTED = String.raw`(?<=")[^"\n]*|(?<=')[^'\n]*|(?<=\x60)[^\x60\n]*`;

/** The text between a name and its value: `=`, `: `, `": "`, `' => '`, `', '`, `>` or `%3D`. */
const BETWEEN = String.raw`(?:\\*["'\x60]?\s*(?:=>|[:=>]|%3d)|\\*["'\x60]\s*,)\s*\[?\s*` + QUOTE;

/** Headers whose values have several words, up to the end of the line or text. */
const HEADER = new RegExp(
  String.raw`(\b(?:(?:proxy-)?authorization|(?:set-)?cookie)${BETWEEN})` +
    String.raw`(?:${QUOTED}|(?<!["'\x60])[^\s"'\x60][^"'\n<>}]*)`,
  'gi',
);

/** Names whose values are secrets, in whatever spelling: `secretAccessKey`, `AWS_SECRET_ACCESS_KEY`. */
const SECRET_NAMES = [
  'secret[-_]?(?:access[-_]?)?key',
  '(?:session|security|access|refresh|auth|id|web[-_]?identity)[-_]?token',
  'client[-_]?secret',
  'api[-_]?key',
  'private[-_]?key',
  'encryption[-_]?customer[-_]?key',
  'password',
  'passwd',
  'passphrase',
  'pwd',
  'signature(?:[-_]?provided)?',
].join('|');

/** Words that are names of secrets only where a value follows without a space. */
const SHORT_NAMES =
  String.raw`\b(?:x-(?:amz|goog)-)?(?:credential|secret|token|sig)` +
  String.raw`(?:=|%3d|\\*["']\s*[:=]\s*|>)` +
  QUOTE;

const FIELD = new RegExp(
  `((?:${SECRET_NAMES})${BETWEEN}|${SHORT_NAMES})` +
    String.raw`(?:${QUOTED}|(?<!["'\x60])[^\s"'\x60&,;<>}\]]+)`,
  'gi',
);

/** A token of RFC 6750, without its header. */
const BEARER = /(\bbearer\s+)[\w.~+/=-]{16,}/gi;
