#include "client/eval/close_call.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "client/figures.h"

namespace assay::client {

bool TooClose(float chosen, float rejected, double margin) {
  return std::fabs(static_cast<double>(chosen) - rejected) < margin;
}

std::optional<CloseCall> FindCloseCall(const std::optional<double>& users, const ModelInfo& model) {
  if (users.has_value()) return CloseCall{.margin = *users, .is_measured = false};
  if (!model.score_error.has_value()) return std::nullopt;
  return CloseCall{.margin = model.score_error->margin.percentile_99};
}

std::string DescribeCloseCall(const std::optional<CloseCall>& call, const ModelInfo& model) {
  if (!call.has_value()) {
    return absl::StrCat("too close to call: not counted, for the error of ", model.dtype,
                        " was not measured on this model; --too-close MARGIN gives a margin");
  }
  if (!call->is_measured) {
    return absl::StrCat("too close to call: margins below ", Rounded(call->margin),
                        ", as --too-close says");
  }
  const ErrorFigures& error = model.score_error->margin;
  if (error.n == 0) {
    return absl::StrCat("too close to call: none, for ", model.dtype,
                        " is what other dtypes are measured against");
  }
  return absl::StrCat("too close to call: margins below ", Rounded(call->margin), "; ", model.dtype,
                      " moves 99 of 100 margins by no more than that (", Count(error.n),
                      " measured)");
}

Json CloseCallJson(const std::optional<CloseCall>& call) {
  if (!call.has_value()) return nullptr;
  return {{"margin", call->margin}, {"source", call->is_measured ? "server" : "user"}};
}

}  // namespace assay::client
