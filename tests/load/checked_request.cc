#include "tests/load/checked_request.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/load_texts.h"
#include "tests/testing/fake_encoder.h"
#include "tests/testing/fake_scorer.h"
#include "tests/testing/paced_scorer.h"

namespace assay::testing {

client::ScoreRequest CheckedRequest(int64_t index, const RequestSize& size) {
  client::ScoreRequest request = client::SyntheticRequest({.responses = size.responses,
                                                           .prompt_bytes = size.prompt_bytes,
                                                           .response_bytes = size.response_bytes},
                                                          index);
  std::string& prompt = request.prompt[0].content;
  prompt = absl::StrCat(std::string(1, static_cast<char>(kCountedMark)), index, " ", prompt);
  return request;
}

bool AllRight(const client::ScoreRequest& request, const client::ScoreReply& reply) {
  if (reply.results.size() != request.responses.size()) return false;
  const std::vector<Message> prompt = {{"user", request.prompt[0].content}};
  for (size_t i = 0; i < reply.results.size(); ++i) {
    const absl::StatusOr<client::Score>& result = reply.results[i];
    if (!result.ok() || result->score != FakeScoreOf(FakeTokensOf(prompt, request.responses[i]))) {
      return false;
    }
  }
  return true;
}

bool AllRight(const v1::ScoreRequest& request, const v1::ScoreResponse& response) {
  if (response.results_size() != request.responses_size()) return false;
  const std::vector<Message> prompt = {{"user", request.prompt(0).content()}};
  for (int i = 0; i < response.results_size(); ++i) {
    const v1::Result& result = response.results(i);
    if (!result.has_score() ||
        result.score().score() != FakeScoreOf(FakeTokensOf(prompt, request.responses(i)))) {
      return false;
    }
  }
  return true;
}

}  // namespace assay::testing
