//! Odd expressions: every question about them is answered or refused, in the time of the server.
//!
//! `EXPLORE_EXPRESSIONS=200` asks about 200 instead of 8.

use std::time::{Duration, Instant};

use maclaurin_explore::answer;
use serde_json::{Value, json};

/// A generator of the same numbers everywhere (Marsaglia's xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % end
    }

    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }

    fn expression(&mut self, depth: usize) -> String {
        const LEAVES: [&str; 16] = [
            "x", "x", "x", "-x", "1/3", "pi", "a", "0", "1e-300", "1e300", "sqrt(2)", "2", "x^2",
            "π", "𝑥", "",
        ];
        if depth == 0 {
            return self.of(&LEAVES).into();
        }
        let names: Vec<_> = maclaurin::Function::builtins().collect();
        match self.below(9) {
            0 => format!("({} + {})", self.expression(depth - 1), self.expression(depth - 1)),
            1 => format!("{}*{}", self.expression(depth - 1), self.expression(depth - 1)),
            2 => format!("({})/({})", self.expression(depth - 1), self.expression(depth - 1)),
            3 => format!("({})^({})", self.expression(depth - 1), self.expression(depth - 1)),
            4 => format!("|{}|", self.expression(depth - 1)),
            // Damaged text.
            5 if depth > 1 => {
                let mut text: Vec<char> = self.expression(depth - 1).chars().collect();
                let at = self.below(text.len() + 1);
                text.insert(at, ['(', ')', '"', '\\', '\0', '²', ',', '<'][self.below(8)]);
                text.into_iter().collect()
            }
            _ => {
                let builtin = names[self.below(names.len())];
                let arguments: Vec<_> =
                    builtin.arguments.iter().map(|_| self.expression(depth - 1)).collect();
                format!("{}({})", builtin.name, arguments.join(", "))
            }
        }
    }
}

#[test]
fn odd_expressions_are_answered_or_refused() {
    let count = std::env::var("EXPLORE_EXPRESSIONS").ok().and_then(|n| n.parse().ok()).unwrap_or(8);
    let mut random = Random(0x1234_5678_9abc_def1);
    let (mut given_up, mut longest) = (0, (Duration::ZERO, String::new()));
    for _ in 0..count {
        let depth = 1 + random.below(3);
        let subject = json!({
            "expression": random.expression(depth), "parameters": { "a": random.expression(1) },
            "at": random.of(&["0", "1", "-1/2", "pi/3", "1e9", "x", ""]), "order": random.below(12),
        });
        let on = [[-5.0, 5.0], [0.0, 1e-9], [-1e12, 1e12], [1.0, 1.0]][random.below(4)];
        let mut questions = vec![
            json!({ "ask": "curves", "on": on, "orders": [0, 1, 2] }),
            json!({ "ask": "errors", "on": on }),
            json!({ "ask": "disc" }),
            json!({ "ask": "cuts", "re": on, "im": 3 }),
            json!({ "ask": "coefficients" }),
            json!({ "ask": "code", "on": on, "method": "taylor", "language": "c", "format": "float64" }),
            json!({ "ask": "sheet", "on": on, "tolerance": 1e-3, "counts": [vec![1; 256]] }),
        ];
        for method in ["taylor", "chebyshev", "minimax", "least_squares"] {
            questions.push(json!({ "ask": "approximation", "method": method, "on": on }));
        }
        for mut question in questions {
            for (name, value) in subject.as_object().unwrap() {
                question[name] = value.clone();
            }
            let text = question.to_string();
            let begun = Instant::now();
            let stop = move || begun.elapsed() > Duration::from_secs(30);
            match maclaurin::cancellable(stop, || answer(&text, &[])) {
                Some(answer) => {
                    let answer: Value = serde_json::from_str(&answer.json).unwrap();
                    assert!(answer.is_object(), "{text}");
                }
                None => given_up += 1,
            }
            if begun.elapsed() > longest.0 {
                longest = (begun.elapsed(), text);
            }
        }
    }
    println!("{count} expressions, {given_up} questions given up, the longest {longest:?}");
}
