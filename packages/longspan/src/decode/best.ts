/** The best few of what is offered, the best first; what was offered earlier comes before what is as good. */
export class Best<T> {
  readonly items: T[] = [];

  constructor(
    private readonly most: number,
    private readonly worth: (item: T) => number,
  ) {}

  get isFull(): boolean {
    return this.items.length === this.most;
  }

  /** What an item has to be worth more than to be taken. */
  get least(): number {
    return this.isFull ? this.worth(this.items.at(-1)!) : Number.NEGATIVE_INFINITY;
  }

  offer(item: T): void {
    const worth = this.worth(item);
    if (!(worth > this.least)) return;
    let [low, high] = [0, this.items.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.worth(this.items[middle]!) >= worth) low = middle + 1;
      else high = middle;
    }
    this.items.splice(low, 0, item);
    if (this.items.length > this.most) this.items.pop();
  }
}
