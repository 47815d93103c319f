// client/eval/close_call.h
// When two scores lie too near to each other to call one the better: nearer than the scorer's own
// error. Decides the margin and says whose it is; counting is accuracy.h's. Pure functions.
#ifndef ASSAY_CLIENT_CLOSE_CALL_H_
#define ASSAY_CLIENT_CLOSE_CALL_H_

#include <optional>
#include <string>

#include "client/json_row.h"
#include "client/types.h"

namespace assay::client {

struct CloseCall {
  double margin = 0;        // >= 0; see TooClose().
  bool is_measured = true;  // The server's ScoreError says so; else the user does.
};

// Whether the difference between the two scores is smaller than `margin`; for 0 never.
bool TooClose(float chosen, float rejected, double margin);

// The user's margin where there is one, else the 99th percentile of the margin's error as the server
// knows it; absent where neither is there.
// Why that percentile: another arithmetic turns a verdict only where the margin's error is larger
// than the margin and points the other way. Beyond the percentile that holds for less than one pair
// in a hundred even at the edge, while the largest error grows with the number of pairs measured and
// hangs on a single one of them.
std::optional<CloseCall> FindCloseCall(const std::optional<double>& users, const ModelInfo& model);

// One sentence for people, on what is too close, or why nothing is.
std::string DescribeCloseCall(const std::optional<CloseCall>& call, const ModelInfo& model);

// {"margin", "source": "server" or "user"}; null where absent.
Json CloseCallJson(const std::optional<CloseCall>& call);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_CLOSE_CALL_H_
