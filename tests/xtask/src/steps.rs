//! Steps of a task. One that fails does not hide what the others have to say.

use std::time::Instant;

use crate::workspace::Outcome;

/// What has failed so far.
pub(crate) struct Steps {
    say: fn(&str),
    failed: Vec<&'static str>,
}

impl Steps {
    /// No step yet; what there is to say goes to this function.
    pub(crate) fn new(say: fn(&str)) -> Self {
        let failed = Vec::new();
        Self { say, failed }
    }

    /// Does one step, and says which, how long it took and why it failed.
    pub(crate) fn step(&mut self, title: &'static str, body: impl FnOnce() -> Outcome) {
        (self.say)(&format!("── {title}"));
        let start = Instant::now();
        let outcome = body();
        let seconds = start.elapsed().as_secs();
        match outcome {
            Ok(()) => (self.say)(&format!("   {title}: {seconds} s")),
            Err(message) => {
                (self.say)(&format!("   {title}: FAILED in {seconds} s: {message}"));
                self.failed.push(title);
            }
        }
    }

    /// What all of them come to.
    ///
    /// # Errors
    /// When a step failed, naming those that did.
    pub(crate) fn finish(self) -> Outcome {
        if self.failed.is_empty() {
            Ok(())
        } else {
            Err(format!("failed: {}", self.failed.join(", ")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_is_done_and_each_failure_is_named() {
        let mut done = 0;
        let mut steps = Steps::new(|_| ());
        steps.step("one", || Err("no".to_owned()));
        steps.step("two", || {
            done += 1;
            Ok(())
        });
        steps.step("three", || Err("no".to_owned()));
        assert_eq!(done, 1);
        assert_eq!(steps.finish(), Err("failed: one, three".to_owned()));
        assert_eq!(Steps::new(|_| ()).finish(), Ok(()));
    }
}
