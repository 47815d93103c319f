#include "tests/load/verdict.h"

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace assay::testing {
namespace {

std::string Line(const std::string& mark, const std::string& name, const std::string& value,
                 const std::string& bar) {
  return absl::StrFormat("%-6s %-44s %s%s", mark, name, value,
                         bar.empty() ? "" : absl::StrCat("  (bar: ", bar, ")"));
}

}  // namespace

void Verdict::Tell(const std::string& name, const std::string& value) {
  lines_.push_back(Line("", name, value, ""));
}

void Verdict::Outcome(const std::string& name, const std::string& value, const std::string& bar,
                      bool holds) {
  lines_.push_back(Line(holds ? "holds" : "FAILS", name, value, bar));
  holds_ = holds_ && holds;
}

void Verdict::Measure(const std::string& name, const std::string& value, const std::string& bar,
                      bool holds) {
  if (time_bars_ == TimeBars::kHold) return Outcome(name, value, bar, holds);
  lines_.push_back(Line(holds ? "told" : "told!", name, value, bar));
}

std::string Verdict::Render() const {
  return absl::StrCat("== ", title_, "\n", absl::StrJoin(lines_, "\n"),
                      "\n== ", holds_ ? "every bar holds" : "NOT every bar holds", "\n");
}

int Verdict::Print() const {
  std::fputs(Render().c_str(), stdout);
  std::fflush(stdout);
  return holds_ ? 0 : 1;
}

int CannotRun(const char* program, const absl::Status& why) {
  std::fprintf(stderr, "%s: %s\n", program, why.ToString().c_str());
  return 2;
}

}  // namespace assay::testing
