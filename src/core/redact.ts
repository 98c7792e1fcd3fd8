// Secrets in words that are written down. What looks like one is replaced whole: better a harmless word lost than a key kept.

const MASK = "***";

/** Names whose values are secret: `--api-key x`, `DB_PASSWORD=x`, `?token=x`. */
const SECRET =
  "(?:[a-z0-9]+[-_.]+)*[a-z0-9]*(?:password|passwd|passphrase|secret|token|apikey|credentials?|(?<![a-z0-9])(?:pass|pwd|auth|authorization|cookie|sig|signature|(?:api|access|private|session)[-_]?(?:key|id)))(?:[-_.]+[a-z0-9]+)*";

const OPTION = new RegExp(`^--?${SECRET}$`, "i");
const ASSIGNED = new RegExp(
  `((?:^|[?&;,\\s'"{]|--?)${SECRET}['"]?\\s*[=:]\\s*)(?:"[^"]*"|'[^']*'|[^\\s&;,}'"]+)`,
  "gi",
);
const USER_INFO = /([a-z][a-z0-9+.-]*:\/\/)[^\s/@]*@/gi;
const BEARER = /\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/gi;
/** Keys by their well-known beginnings: AWS, GitHub, GitLab, Slack, OpenAI and its kin, Google, npm, JSON web tokens, PEM blocks. */
const KNOWN =
  /\b(?:AKIA|ASIA)[A-Z0-9]{12,}|\bgh[pousr]_\w{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}|\bxox[abprs]-[\w-]{10,}|\bsk-[\w-]{16,}|\bAIza[\w-]{30,}|\bnpm_\w{30,}|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*/g;

/** A text with what looks like a secret masked. */
export function redactText(text: string): string {
  return text
    .replace(KNOWN, MASK)
    .replace(BEARER, `$1 ${MASK}`)
    .replace(USER_INFO, `$1${MASK}@`)
    .replace(ASSIGNED, `$1${MASK}`);
}

/** The words of a command line with secrets masked: also a word that follows an option of a secret's name. */
export function redactWords(words: readonly string[]): readonly string[] {
  return words.map((word, place) => {
    const before = words[place - 1];
    return before !== undefined && OPTION.test(before) && !word.startsWith("-") ? MASK : redactText(word);
  });
}
