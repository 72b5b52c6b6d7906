export interface HolderFact {
  readonly pid: number
  readonly command: string
}
export async function holdersOf(_h: unknown, _p: string): Promise<HolderFact[]> {
  return []
}
