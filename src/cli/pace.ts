/** How fast something goes: rows a second since it began, and about how many seconds are left where it is known how much there is. */
export function paceOf(
  { rows, total }: { readonly rows: number; readonly total?: number },
  seconds: number,
): { readonly rate: number; readonly left: number | undefined } {
  const rate = seconds > 0 ? rows / seconds : 0;
  const left = total === undefined || rate === 0 ? undefined : Math.ceil((total - rows) / rate);
  return { rate: Math.round(rate), left };
}
