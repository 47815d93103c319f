#include "tests/load/checked_request.h"

#include "client/wire.h"
#include "tests/testing/builders.h"
#include "tests/testing/status_matchers.h"

namespace assay::testing {
namespace {

constexpr RequestSize kSize = {.prompt_bytes = 20, .responses = 2, .response_bytes = 30};

TEST(CheckedRequestTest, RequestsAreMarkedAndNoTwoAreAlike) {
  EXPECT_EQ(CheckedRequest(12, kSize).prompt[0].content.substr(0, 4), "#12 ");
  EXPECT_NE(CheckedRequest(12, kSize).responses, CheckedRequest(13, kSize).responses);
}

TEST(CheckedRequestTest, OnlyTheRightScoresInTheirPlacesAreRight) {
  const client::ScoreRequest request = CheckedRequest(1, kSize);
  ASSERT_OK_AND_ASSIGN(const v1::ScoreRequest wire, client::ToWire(request));
  client::ScoreReply reply;
  v1::ScoreResponse response;
  for (const std::string& text : request.responses) {
    const float score = ExpectedScore(request.prompt[0].content, text);
    reply.results.push_back(client::Score{.score = score});
    response.add_results()->mutable_score()->set_score(score);
  }
  EXPECT_TRUE(AllRight(request, reply));
  EXPECT_TRUE(AllRight(wire, response));

  std::swap(reply.results[0], reply.results[1]);
  response.mutable_results()->SwapElements(0, 1);
  EXPECT_FALSE(AllRight(request, reply));
  EXPECT_FALSE(AllRight(wire, response));
  reply.results.pop_back();
  response.mutable_results()->RemoveLast();
  EXPECT_FALSE(AllRight(request, reply));
  EXPECT_FALSE(AllRight(wire, response));
}

}  // namespace
}  // namespace assay::testing
