import type { PlainNet } from "../net-of-run.js";

/** What the module's file says besides its net. */
export interface ModuleFacts {
  /** The kind of run. */
  readonly kind: string;
  /** The file of the weights, beside this one. */
  readonly weights: string;
  /** Features of what the net reads; of symbols, how many there are. */
  readonly input: number;
  /** Features of a symbol; of numbers, the same as `input`. */
  readonly features: number;
  /** Features of an answer. */
  readonly output: number;
}

/** A Python file with the module of a net: it builds it, and loads its weights with `strict=True`. */
export function moduleSource(net: PlainNet, facts: ModuleFacts): string {
  const { module, layers, hidden, bidirectional, dropout, read, table } = net;
  const width = hidden * (bidirectional ? 2 : 1);
  const settings = [
    `${facts.features}, ${hidden}, num_layers=${layers.length}, batch_first=True`,
    ...(bidirectional ? ["bidirectional=True"] : []),
    ...(dropout > 0 && layers.length > 1 ? [`dropout=${dropout}`] : []),
  ].join(", ");
  const drops = dropout > 0;
  const goesOn = read === "steps" && !bidirectional;
  const lines = [
    `"""The module of a longspan run of the kind ${facts.kind}, with its weights in ${facts.weights}.`,
    "",
    `It reads ${net.input}, and gives ${answers[read](facts.output)}${goesOn ? ", with the state to go on from" : ""}.`,
    '"""',
    "",
    "from pathlib import Path",
    "",
    "import torch",
    ...(facts.weights.endsWith(".safetensors") ? ["from safetensors.torch import load_file"] : []),
    "from torch import nn",
    ...(goesOn ? [] : ["from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence"]),
    "",
    "",
    "class Model(nn.Module):",
    "    def __init__(self):",
    "        super().__init__()",
    ...(table ? [`        self.embedding = nn.Embedding(${facts.input}, ${facts.features})`] : []),
    `        self.layers = nn.${module}(${settings})`,
    `        self.readout = nn.Linear(${width}, ${facts.output})`,
    ...(drops ? [`        self.dropout = nn.Dropout(${dropout})`] : []),
    "",
    ...(goesOn ? everyStep(table !== null, drops) : wholeSequences(net, drops)),
    "",
    "",
    "def load():",
    '    """The trained model, for evaluation."""',
    `    path = Path(__file__).with_name(${JSON.stringify(facts.weights)})`,
    "    model = Model()",
    facts.weights.endsWith(".safetensors")
      ? "    model.load_state_dict(load_file(path), strict=True)"
      : "    model.load_state_dict(torch.load(path, weights_only=True), strict=True)",
    "    return model.eval()",
    "",
    "",
    'if __name__ == "__main__":',
    "    print(load())",
    "",
  ];
  return lines.join("\n");
}

const answers = {
  steps: (n: number) => `${n} numbers at every step, [batch, steps, ${n}]`,
  mean: (n: number) => `${n} numbers for each sequence, [batch, ${n}], from the mean over its steps`,
  last: (n: number) => `${n} numbers for each sequence, [batch, ${n}], from its last step`,
};

function everyStep(embeds: boolean, drops: boolean): string[] {
  const x = embeds ? "self.embedding(x)" : "x";
  return [
    "    def forward(self, x, state=None):",
    `        output, state = self.layers(${drops ? `self.dropout(${x})` : x}, state)`,
    `        return self.readout(${drops ? "self.dropout(output)" : "output"}), state`,
  ];
}

/** Sequences that are there as a whole: their lengths say where padding begins. */
function wholeSequences({ table, read, module, bidirectional }: PlainNet, drops: boolean): string[] {
  const x = table ? "self.embedding(x)" : "x";
  const padded = "        output, lengths = pad_packed_sequence(output, batch_first=True)";
  const summary = {
    steps: [padded],
    mean: [
      padded,
      "        # What follows the end of a sequence is zero.",
      "        output = output.sum(1) / lengths.unsqueeze(1)",
    ],
    last: [
      ...(module === "LSTM" ? ["        state = state[0]"] : []),
      `        output = ${bidirectional ? "torch.cat([state[-2], state[-1]], 1)" : "state[-1]"}`,
    ],
  };
  return [
    "    def forward(self, x, lengths):",
    `        x = ${drops ? `self.dropout(${x})` : x}`,
    "        x = pack_padded_sequence(x, torch.as_tensor(lengths), batch_first=True, enforce_sorted=False)",
    "        output, state = self.layers(x)",
    ...summary[read],
    `        return self.readout(${drops ? "self.dropout(output)" : "output"})`,
  ];
}
