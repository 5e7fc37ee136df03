//! The steps of a program as expressions of a language, over as many lines as they need.

use super::{Id, Number, Program, Step};

/// Expressions up to this length are written on a line. It keeps their parentheses below what
/// compilers take, too: Python takes 100 in each other, C compilers 256.
const LONGEST: usize = 88;

/// What binds weakest in an expression.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Binding {
    Sum,
    Product,
    Atom,
}

/// The text of a value.
#[derive(Clone)]
struct Text {
    text: String,
    binding: Binding,
}

impl Text {
    fn atom(text: impl Into<String>) -> Self {
        Self { text: text.into(), binding: Binding::Atom }
    }

    /// In parentheses where the value stands beside an operator that binds more than it does.
    fn beside(&self, needs: bool) -> String {
        if needs { format!("({})", self.text) } else { self.text.clone() }
    }
}

/// Variables in order, each with what it is, and the result.
pub(super) struct Lines {
    pub variables: Vec<(String, String)>,
    pub result: String,
}

/// A program's values as text so far.
struct Printer<'a> {
    program: &'a Program,
    literal: &'a dyn Fn(&Number) -> String,
    division: Option<&'static str>,
    texts: Vec<Text>,
    variables: Vec<(String, String)>,
    /// Variables without a name of their own.
    unnamed: usize,
}

/// The program as lines, its constants as `literal` writes them, and quotients as calls of `division`
/// where the language's operator is not rounded to nearest.
pub(super) fn lines(
    program: &Program,
    literal: &dyn Fn(&Number) -> String,
    division: Option<&'static str>,
) -> Lines {
    let count = program.steps.len();
    let mut uses = vec![0usize; count];
    for operand in program.steps.iter().flat_map(|step| step.operands()) {
        uses[operand] += 1;
    }
    let mut printer = Printer {
        program,
        literal,
        division,
        texts: Vec::with_capacity(count),
        variables: Vec::new(),
        unnamed: 0,
    };
    for (id, step) in program.steps.iter().enumerate() {
        let text = printer.text(step);
        printer.texts.push(text);
        if id + 1 == count {
            break;
        }
        let name =
            program.names.iter().find(|(named, _)| *named == id).map(|(_, name)| name.clone());
        let shared = uses[id] > 1 && step.operands().next().is_some();
        if name.is_some() || shared {
            printer.bind(id, name);
        }
    }
    let result = printer.texts.pop().map(|text| text.text).unwrap_or_default();
    Lines { variables: printer.variables, result }
}

impl Printer<'_> {
    fn text(&mut self, step: &Step) -> Text {
        match *step {
            Step::Input => Text::atom("x"),
            Step::Constant(index) => Text::atom((self.literal)(&self.program.constants[index])),
            Step::Add(a, b) | Step::Subtract(a, b) => {
                self.shorten(a, b);
                let adds = matches!(step, Step::Add(..));
                let (left, right) = (&self.texts[a], &self.texts[b]);
                // a + (-b) is a - b, and a - (-b) is a + b, to the last bit.
                let opposite =
                    right.text.strip_prefix('-').filter(|_| right.binding == Binding::Atom);
                let sign = if adds == opposite.is_none() { '+' } else { '-' };
                let right = match opposite {
                    Some(opposite) => opposite.to_owned(),
                    None => right.beside(right.binding <= Binding::Sum),
                };
                let text = format!("{} {sign} {right}", left.beside(false));
                Text { text, binding: Binding::Sum }
            }
            Step::Multiply(a, b) | Step::Divide(a, b) => {
                self.shorten(a, b);
                let operator = if matches!(step, Step::Multiply(..)) { '*' } else { '/' };
                let (left, right) = (&self.texts[a], &self.texts[b]);
                if let (Step::Divide(..), Some(division)) = (step, self.division) {
                    return Text::atom(format!("{division}({}, {})", left.text, right.text));
                }
                let text = format!(
                    "{} {operator} {}",
                    left.beside(left.binding < Binding::Product),
                    right.beside(right.binding <= Binding::Product)
                );
                Text { text, binding: Binding::Product }
            }
        }
    }

    /// Makes variables of the operands of what would be too long.
    fn shorten(&mut self, a: Id, b: Id) {
        for _ in 0..2 {
            let length = |id: Id| self.texts[id].text.len();
            if length(a) + length(b) <= LONGEST {
                return;
            }
            let longer = if length(a) >= length(b) { [a, b] } else { [b, a] };
            let splits = |id: &Id| self.texts[*id].binding != Binding::Atom;
            let Some(id) = longer.into_iter().find(splits) else { return };
            self.bind(id, None);
        }
    }

    fn bind(&mut self, id: Id, name: Option<String>) {
        let name = name.unwrap_or_else(|| {
            self.unnamed += 1;
            format!("s{}", self.unnamed)
        });
        let text = std::mem::replace(&mut self.texts[id], Text::atom(name.clone()));
        self.variables.push((name, text.text));
    }
}
