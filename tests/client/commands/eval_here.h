// tests/client/commands/eval_here.h
// `assay eval` in this process, on pairs whose scores FakeRewardService makes.
#ifndef ASSAY_TESTS_CLIENT_COMMANDS_EVAL_HERE_H_
#define ASSAY_TESTS_CLIENT_COMMANDS_EVAL_HERE_H_

#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/commands/eval.h"
#include "client/json_row.h"
#include "tests/client/fake_reward_service.h"

namespace assay::testing {

struct Finished {
  int exit_code;
  std::string out;
  std::string err;
};

inline Finished RunHere(const client::EvalFlags& flags) {
  std::ostringstream out;
  std::ostringstream err;
  const int exit_code = client::RunEval(flags, {.out = &out, .err = &err});
  return {exit_code, out.str(), err.str()};
}

inline std::string PairOf(int i, const std::string& subset) {
  return client::DumpLine(client::Json{{"id", i},
                                       {"subset", subset},
                                       {"prompt", "p"},
                                       {"chosen", absl::StrCat("c", i)},
                                       {"rejected", absl::StrCat("r", i)}}) +
         "\n";
}

// 0..count-1, and how many of them the fake's scores win.
inline std::string PairsOf(int count, const std::string& subset, int* wins) {
  std::string text;
  *wins = 0;
  for (int i = 0; i < count; ++i) {
    text += PairOf(i, subset);
    const float chosen = FakeRewardService::ScoreOf("p", absl::StrCat("c", i));
    if (chosen > FakeRewardService::ScoreOf("p", absl::StrCat("r", i))) ++*wins;
  }
  return text;
}

}  // namespace assay::testing

#endif  // ASSAY_TESTS_CLIENT_COMMANDS_EVAL_HERE_H_
