// tests/load/verdict.h
// What a load program found: its figures in one block, each with its bar where it has one, and an
// exit code that says whether all bars hold.
#ifndef ASSAY_TESTS_LOAD_VERDICT_H_
#define ASSAY_TESTS_LOAD_VERDICT_H_

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace assay::testing {

// How bars on time and memory are taken: a busy machine of many tests says nothing about them.
enum class TimeBars { kHold, kTell };

// Not thread-safe.
class Verdict {
 public:
  Verdict(std::string title, TimeBars time_bars)
      : title_(std::move(title)), time_bars_(time_bars) {}

  // A figure without a bar.
  void Tell(const std::string& name, const std::string& value);
  // One that must hold always.
  void Outcome(const std::string& name, const std::string& value, const std::string& bar,
               bool holds);
  // One of time or memory; under TimeBars::kTell it is told and decides nothing.
  void Measure(const std::string& name, const std::string& value, const std::string& bar,
               bool holds);

  bool holds() const { return holds_; }
  std::string Render() const;
  // Prints the block on standard output. 0: all hold; 1: not.
  int Print() const;

 private:
  std::string title_;
  TimeBars time_bars_;
  std::vector<std::string> lines_;
  bool holds_ = true;
};

// "program: MESSAGE" on standard error; 2: nothing was found out.
int CannotRun(const char* program, const absl::Status& why);

}  // namespace assay::testing

#endif  // ASSAY_TESTS_LOAD_VERDICT_H_
