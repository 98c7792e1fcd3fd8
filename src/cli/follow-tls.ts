// Certificates are renewed by others, who replace the files: they are looked at every few seconds, and at once on SIGHUP.

const EVERY_MS = 5_000;

/** Keeps TLS at what its files say, and tells of each change and each problem once. Returns what stops it. */
export function followTls(renew: () => Promise<boolean>, say: (line: string) => void): () => void {
  let problem = "";
  const look = async (): Promise<void> => {
    try {
      const isNew = await renew();
      if (isNew || problem !== "") say("TLS: the files were read again; new connections get what they say now.");
      problem = "";
    } catch (thrown) {
      const said = thrown instanceof Error ? thrown.message : String(thrown);
      if (said !== problem) say(`TLS stays as it was: ${said}`);
      problem = said;
    }
  };
  const timer = setInterval(() => void look(), EVERY_MS);
  const onHup = (): void => void look();
  process.on("SIGHUP", onHup);
  return () => {
    clearInterval(timer);
    process.off("SIGHUP", onHup);
  };
}
