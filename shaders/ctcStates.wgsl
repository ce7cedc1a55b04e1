// Connectionist temporal classification, what every pass knows: sequences, and their states, which
// are the labels with a blank before, between and after them.

struct Sequence { frames: u32, count: u32, kind: u32, valueFactor: f32, gradientFactor: f32 }
struct Label { k: u32, next: u32, repeated: u32 }

const VALID: u32 = 0u;
const SKIPPED: u32 = 1u;
const WRONG: u32 = 2u;
const NONE: u32 = 0xffffffffu;
