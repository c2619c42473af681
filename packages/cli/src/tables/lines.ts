const newline = 0x0a;

/** Which line a byte of a stream stands in. Of blocks that were read, only what may still be asked for is kept. */
export class Lines {
  /** Places of line breaks after which nothing is forgotten yet. */
  private breaks: number[] = [];
  /** Line breaks before those, and how many of them stand before the byte that was asked for last. */
  private forgotten = 0;
  private passed = 0;
  private bytes = 0;

  /** The line that the next block begins in, counted from 1. */
  get count(): number {
    return this.forgotten + this.breaks.length + 1;
  }

  /** The next bytes. What stands before the byte that was asked for last is forgotten. */
  add(block: Uint8Array): void {
    if (this.passed > 0) {
      this.breaks = this.breaks.slice(this.passed);
      this.forgotten += this.passed;
      this.passed = 0;
    }
    for (let at = block.indexOf(newline); at >= 0; at = block.indexOf(newline, at + 1))
      this.breaks.push(this.bytes + at);
    this.bytes += block.length;
  }

  /** The line of a byte, counted from 1. @param byte counted from 0, none that was forgotten */
  at(byte: number): number {
    while (this.passed < this.breaks.length && this.breaks[this.passed]! < byte) this.passed += 1;
    while (this.passed > 0 && this.breaks[this.passed - 1]! >= byte) this.passed -= 1;
    return this.forgotten + this.passed + 1;
  }
}
