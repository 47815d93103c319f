#include "server/request_handler.h"

#include "tests/testing/builders.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/running_server.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using testing::ExpectedScore;
using testing::FakeClock;
using testing::FakeEncoder;
using testing::FakeScorer;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::Mailbox;
using testing::ScoreRequestOf;
using testing::StatusIs;

class RequestHandlerTest : public ::testing::Test {
 protected:
  absl::StatusOr<v1::ScoreResponse> Score(const v1::ScoreRequest& request, absl::Time deadline,
                                          absl::string_view path = "") {
    Mailbox<absl::StatusOr<v1::ScoreResponse>> replies;
    handler_.Score(request, {.context = {.deadline = deadline}, .path = path},
                   [&](absl::StatusOr<v1::ScoreResponse> reply) { replies.Put(std::move(reply)); });
    return replies.Await(1)[0];
  }

  FakeClock clock_;
  FakeEncoder encoder_;
  FakeScorer scorer_;
  ScoringPipeline pipeline_{{}, &clock_, &encoder_, {&scorer_}};
  RequestHandler handler_{{.max_tokens = 100,
                           .max_messages = 4,
                           .max_responses = 4,
                           .max_text_bytes = 100,
                           .max_request_bytes = 1000},
                          "rev",
                          &pipeline_};
};

TEST_F(RequestHandlerTest, AGoodRequestIsAnsweredWithScoresAndRevision) {
  ASSERT_OK_AND_ASSIGN(const v1::ScoreResponse reply,
                       Score(ScoreRequestOf("p", {"a", "b"}), absl::InfiniteFuture()));
  EXPECT_EQ(reply.results(0).score().score(), ExpectedScore("p", "a"));
  EXPECT_EQ(reply.results(1).score().score(), ExpectedScore("p", "b"));
  EXPECT_EQ(reply.model_revision(), "rev");
}

TEST_F(RequestHandlerTest, AnInvalidRequestReachesNoPipeline) {
  EXPECT_THAT(Score(ScoreRequestOf("p", {}), absl::InfiniteFuture(), "request."),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("request.responses")));
  EXPECT_EQ(pipeline_.state().requests, 0);
}

TEST_F(RequestHandlerTest, ThePipelinesErrorIsTheAnswer) {
  EXPECT_THAT(Score(ScoreRequestOf("p", {"a"}), clock_.Now()),
              StatusIs(absl::StatusCode::kDeadlineExceeded));
}

TEST_F(RequestHandlerTest, TooManyBytesAreRefused) {
  EXPECT_OK(handler_.CheckBytes(1000));
  EXPECT_THAT(handler_.CheckBytes(1001), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace assay
