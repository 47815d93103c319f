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

// Writes down what it is told of requests.
class Listener : public Observer {
 public:
  void OnRequest(const RequestRecord& request) override {
    methods.emplace_back(request.method);
    records.push_back(request);
  }
  void OnBatch(const BatchRecord& /*batch*/) override {}
  void OnRefusal(Refusal reason) override { refusals.push_back(reason); }
  void OnDeadlineMissed(DeadlineStage /*stage*/) override {}

  std::vector<std::string> methods;
  std::vector<RequestRecord> records;  // Their views are not to be read.
  std::vector<Refusal> refusals;
};

class TellingTest : public RequestHandlerTest {
 protected:
  absl::StatusOr<v1::ScoreResponse> AskTelling(const v1::ScoreRequest& request,
                                               absl::Time deadline) {
    Mailbox<absl::StatusOr<v1::ScoreResponse>> replies;
    telling_handler_.Score(
        request, {.context = {.deadline = deadline, .cancelled = nullptr}, .path = "", .method = "ScoreStream"},
        [&](absl::StatusOr<v1::ScoreResponse> reply) { replies.Put(std::move(reply)); });
    return replies.Await(1)[0];
  }

  Listener listener_;
  std::vector<std::string> lines_;
  RequestLog log_{RequestLogging::kAll, &clock_,
                  [this](spdlog::level::level_enum /*level*/, const std::string& line) {
                    lines_.push_back(line);
                  }};
  RequestHandler telling_handler_{{.max_tokens = 100,
                                   .max_messages = 4,
                                   .max_responses = 4,
                                   .max_text_bytes = 100,
                                   .max_request_bytes = 1000},
                                  "rev",
                                  &pipeline_,
                                  {.observer = &listener_, .log = &log_, .clock = &clock_}};
};

TEST_F(TellingTest, AReplyIsToldBeforeItIsSent) {
  EXPECT_OK(AskTelling(ScoreRequestOf("needle", {"needle", "b"}), absl::InfiniteFuture()));
  EXPECT_THAT(listener_.methods, ::testing::ElementsAre("ScoreStream"));
  EXPECT_EQ(listener_.records[0].code, absl::StatusCode::kOk);
  ASSERT_THAT(lines_, ::testing::SizeIs(1));
  EXPECT_THAT(lines_[0], ::testing::AllOf(HasSubstr(" method=ScoreStream code=OK responses=2 "),
                                          ::testing::Not(HasSubstr("needle"))));
}

TEST_F(TellingTest, AnInvalidRequestIsARefusalWithoutItsText) {
  EXPECT_THAT(AskTelling(ScoreRequestOf(std::string(101, 'x'), {"a"}), absl::InfiniteFuture()),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(listener_.refusals, ::testing::ElementsAre(Refusal::kInvalid));
  EXPECT_EQ(listener_.records[0].code, absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(lines_[0], ::testing::AllOf(HasSubstr("code=INVALID_ARGUMENT"),
                                          ::testing::Not(HasSubstr("xxx"))));
}

TEST_F(TellingTest, ThePipelinesErrorIsToldButIsNoRefusalOfTheHandlers) {
  EXPECT_FALSE(AskTelling(ScoreRequestOf("p", {"a"}), clock_.Now()).ok());
  EXPECT_EQ(listener_.records[0].code, absl::StatusCode::kDeadlineExceeded);
  EXPECT_TRUE(listener_.refusals.empty());
}

TEST_F(TellingTest, BytesThatAreNoRequestAreToldToo) {
  telling_handler_.Refuse({.context = {.deadline = absl::InfiniteFuture(), .cancelled = nullptr}, .path = ""},
                          absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(listener_.methods, ::testing::ElementsAre("Score"));
  EXPECT_THAT(listener_.refusals, ::testing::ElementsAre(Refusal::kInvalid));
}

}  // namespace
}  // namespace assay
