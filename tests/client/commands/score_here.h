// tests/client/commands/score_here.h
// Rows for `assay score`.
#ifndef ASSAY_TESTS_CLIENT_COMMANDS_SCORE_HERE_H_
#define ASSAY_TESTS_CLIENT_COMMANDS_SCORE_HERE_H_

#include <string>

#include "absl/strings/str_cat.h"
#include "client/json_row.h"

namespace assay::client {

// A row that FakeRewardService scores ScoreOf("p", "rI").
inline std::string RowOf(int i) {
  return DumpLine(Json{{"id", i}, {"prompt", "p"}, {"responses", {absl::StrCat("r", i)}}}) + "\n";
}

}  // namespace assay::client

#endif  // ASSAY_TESTS_CLIENT_COMMANDS_SCORE_HERE_H_
