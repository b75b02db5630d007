//! The numbers of a chart, out of a prompt.

use serde_json::Value;

use super::GRAMMAR;
use crate::prompt::{Fields, PromptError, read};
use crate::theme::{THEMES, Theme};

/// Numbers of a series.
const MAX_LABELS: usize = 60;

/// Series of a chart.
const MAX_SERIES: usize = 6;

/// The largest number either way: beyond it labels would not fit, nor differences show.
const LARGEST: f64 = 1e15;

/// How numbers are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Bar,
    Line,
    Area,
    Pie,
    Donut,
}

/// What a chart shows.
#[derive(Debug)]
pub(super) struct Data {
    pub kind: Kind,
    pub title: Option<String>,
    pub unit: String,
    pub labels: Vec<String>,
    /// Each with one number for each label.
    pub series: Vec<Series>,
    pub theme: &'static Theme,
}

/// Numbers that belong together.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Series {
    pub name: String,
    pub values: Vec<f64>,
}

impl Data {
    pub(super) fn read(prompt: &str) -> Result<Self, PromptError> {
        let fields = read(prompt, GRAMMAR)?;
        let kind = fields.choice("type", "bar, line, area, pie or donut", |word| match word {
            "bar" | "column" => Some(Kind::Bar),
            "line" | "sparkline" => Some(Kind::Line),
            "area" => Some(Kind::Area),
            "pie" => Some(Kind::Pie),
            "donut" | "doughnut" => Some(Kind::Donut),
            _ => None,
        })?;
        let theme = fields.choice(
            "theme",
            format!("one of {}", Theme::names()),
            Theme::from_name,
        )?;
        let (labels, series) = numbers(&fields)?;
        let data = Self {
            kind: kind.unwrap_or(Kind::Bar),
            title: fields.text("title"),
            unit: fields.text("unit").unwrap_or_default(),
            labels,
            series,
            theme: theme.unwrap_or(&THEMES[0]),
        };
        data.checked(&fields)
    }

    fn checked(mut self, fields: &Fields) -> Result<Self, PromptError> {
        let longest = self
            .series
            .iter()
            .map(|series| series.values.len())
            .max()
            .unwrap_or(0);
        if longest == 0 {
            return Err(fields.missing("numbers"));
        }
        if longest > MAX_LABELS || self.series.len() > MAX_SERIES {
            let found = format!("{} series of up to {longest}", self.series.len());
            return Err(fields.wrong(
                "values",
                format!("at most {MAX_SERIES} series of {MAX_LABELS} numbers"),
                &found,
            ));
        }
        self.labels.truncate(longest);
        let given = self.labels.len();
        self.labels
            .extend((given..longest).map(|position| (position + 1).to_string()));
        let is_round = matches!(self.kind, Kind::Pie | Kind::Donut);
        if is_round {
            self.series.truncate(1);
        }
        for value in self.series.iter().flat_map(|series| &series.values) {
            if !value.is_finite() || value.abs() > LARGEST {
                return Err(fields.wrong("values", "numbers below 1e15", &value.to_string()));
            }
            if is_round && *value < 0.0 {
                return Err(fields.wrong("values", "0 or more in a pie", &value.to_string()));
            }
        }
        if is_round
            && self
                .series
                .iter()
                .flat_map(|series| &series.values)
                .sum::<f64>()
                <= 0.0
        {
            return Err(fields.missing("number above 0"));
        }
        Ok(self)
    }
}

type Numbers = (Vec<String>, Vec<Series>);

fn numbers(fields: &Fields) -> Result<Numbers, PromptError> {
    if let Some(data) = fields.value("data") {
        return from_data(data).ok_or_else(|| {
            fields.wrong(
                "data",
                "an object of numbers by label, or a list of `{\"label\", \"value\"}`",
                &data.to_string(),
            )
        });
    }
    let names = || {
        if fields.value("series").is_some() {
            fields.list("series")
        } else {
            Vec::new()
        }
    };
    if let Some(Value::Array(entries)) = fields.value("series")
        && entries.iter().any(Value::is_object)
    {
        let series: Option<Vec<Series>> = entries.iter().map(series).collect();
        let labels = fields
            .value("labels")
            .map(|_| fields.list("labels"))
            .unwrap_or_default();
        let series = series.ok_or_else(|| {
            fields.wrong(
                "series",
                "a list of `{\"name\", \"values\"}`",
                "something else",
            )
        })?;
        return Ok((labels, series));
    }
    if fields.value("values").is_some() {
        let texts = fields.list("values");
        let values: Option<Vec<f64>> = texts.iter().map(|text| number(text)).collect();
        let values = values.ok_or_else(|| fields.wrong("values", "numbers", &texts.join(", ")))?;
        let labels = fields
            .value("labels")
            .map(|_| fields.list("labels"))
            .unwrap_or_default();
        let name = names().into_iter().next().unwrap_or_default();
        return Ok((labels, vec![Series { name, values }]));
    }
    from_lines(fields, &names())
}

/// Lines such as `January: 12, 15`.
fn from_lines(fields: &Fields, names: &[String]) -> Result<Numbers, PromptError> {
    let mut labels = Vec::new();
    let mut series: Vec<Series> = names
        .iter()
        .map(|name| Series {
            name: name.clone(),
            values: Vec::new(),
        })
        .collect();
    for line in fields.prose.iter().chain(&fields.items) {
        let Some((label, rest)) = line.rsplit_once([':', '=', '\t']) else {
            return Err(fields.wrong("data", "lines such as `January: 12`", line));
        };
        for (position, text) in rest.split([',', ';']).enumerate() {
            let value = number(text)
                .ok_or_else(|| fields.wrong("data", "lines such as `January: 12`", line))?;
            if series.len() <= position {
                series.push(Series {
                    name: format!("series {}", position + 1),
                    values: Vec::new(),
                });
            }
            if let Some(series) = series.get_mut(position) {
                series.values.resize(labels.len(), 0.0);
                series.values.push(value);
            }
        }
        labels.push(label.trim().to_owned());
    }
    for one in &mut series {
        one.values.resize(labels.len(), 0.0);
    }
    Ok((labels, series))
}

fn from_data(data: &Value) -> Option<Numbers> {
    let pairs: Option<Vec<(String, f64)>> = match data {
        Value::Object(object) => object
            .iter()
            .map(|(label, value)| Some((label.clone(), value.as_f64()?)))
            .collect(),
        Value::Array(entries) => entries
            .iter()
            .map(|entry| {
                let label = entry.get("label").or(entry.get("name"))?;
                let label = label
                    .as_str()
                    .map_or_else(|| label.to_string(), str::to_owned);
                Some((label, entry.get("value")?.as_f64()?))
            })
            .collect(),
        _ => None,
    };
    let (labels, values) = pairs?.into_iter().unzip();
    let name = String::new();
    Some((labels, vec![Series { name, values }]))
}

fn series(entry: &Value) -> Option<Series> {
    let name = entry
        .get("name")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let values = entry.get("values").or(entry.get("data"))?.as_array()?;
    let values: Option<Vec<f64>> = values.iter().map(Value::as_f64).collect();
    Some(Series {
        name: name.to_owned(),
        values: values?,
    })
}

/// A number as people write it: `1 200`, `12%`, `$3.50`.
fn number(text: &str) -> Option<f64> {
    let plain: String = text
        .chars()
        .filter(|letter| !letter.is_whitespace() && !"%$€£_".contains(*letter))
        .collect();
    plain.parse().ok().filter(|value: &f64| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_json_give_the_same_numbers() {
        let prompts = [
            "type: line\nseries: A, B\nQ1: 1, 3\nQ2: 2, 4",
            r#"{"type": "line", "labels": ["Q1", "Q2"], "series": [{"name": "A", "values": [1, 2]}, {"name": "B", "values": [3, 4]}]}"#,
        ];
        for prompt in prompts {
            let data = Data::read(prompt).unwrap();
            assert_eq!(data.labels, ["Q1", "Q2"]);
            let values: Vec<_> = data
                .series
                .iter()
                .map(|series| (series.name.as_str(), series.values.clone()))
                .collect();
            assert_eq!(values, [("A", vec![1.0, 2.0]), ("B", vec![3.0, 4.0])]);
        }
        for prompt in [
            "Tea: 12%\nCoffee: 1 200",
            r#"{"data": [{"label": "Tea", "value": 12}, {"label": "Coffee", "value": 1200}]}"#,
        ] {
            let data = Data::read(prompt).unwrap();
            assert_eq!(
                (data.labels[1].as_str(), data.series[0].values[1]),
                ("Coffee", 1200.0)
            );
        }
    }

    #[test]
    fn mistakes_say_what_is_right() {
        let cases = [
            ("title: x", "the prompt has no numbers"),
            (
                "a fox",
                "`data` must be lines such as `January: 12`: `a fox`",
            ),
            (
                "type: radar\na: 1",
                "`type` must be bar, line, area, pie or donut: `radar`",
            ),
            (
                "type: pie\na: -1",
                "`values` must be 0 or more in a pie: `-1`",
            ),
            ("type: pie\na: 0", "the prompt has no number above 0"),
            ("a: 1e300", "`values` must be numbers below 1e15"),
            (r#"{"values": ["x"]}"#, "`values` must be numbers: `x`"),
        ];
        for (prompt, message) in cases {
            let text = Data::read(prompt).unwrap_err().to_string();
            assert!(text.starts_with(message), "{prompt}: {text}");
            assert!(text.contains("hint: write lines"), "{text}");
        }
    }
}
