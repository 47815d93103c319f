#include "tests/testing/builders.h"

#include <numeric>
#include <utility>

namespace assay::testing {

PromptGroup GroupOf(int prefix, const std::vector<int>& responses, TokenId first_token) {
  PromptGroup group;
  TokenId next = first_token;
  group.prefix.resize(prefix);
  std::iota(group.prefix.begin(), group.prefix.end(), next);
  next += prefix;
  for (int tokens : responses) {
    EncodedResponse response;
    response.tokens.resize(tokens);
    std::iota(response.tokens.begin(), response.tokens.end(), next);
    next += tokens;
    group.responses.push_back(std::move(response));
  }
  return group;
}

PipelineRequest RequestOf(const std::string& prompt, std::vector<std::string> responses) {
  return {.prompt = {{"user", prompt}}, .responses = std::move(responses)};
}

float ExpectedScore(const std::string& prompt, const std::string& response) {
  const std::vector<Message> messages = {{"user", prompt}};
  return FakeScoreOf(FakeTokensOf(messages, response));
}

}  // namespace assay::testing
