#include "server/request_validator.h"

#include <functional>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::IsOk;
using ::testing::Not;
using testing::StatusIs;

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

constexpr RequestLimits kLimits = {.max_tokens = 100,
                                   .max_messages = 3,
                                   .max_responses = 4,
                                   .max_text_bytes = 10,
                                   .max_request_bytes = 1000};

v1::ScoreRequest GoodRequest() {
  v1::ScoreRequest request;
  request.add_prompt()->set_role("system");
  v1::Message& message = *request.add_prompt();
  message.set_role("user");
  message.set_content("hello");
  request.add_responses("one");
  request.add_responses("");
  return request;
}

absl::StatusOr<ValidRequest> Validate(const std::function<void(v1::ScoreRequest&)>& change,
                                      absl::string_view path = "") {
  v1::ScoreRequest request = GoodRequest();
  change(request);
  return ValidateScoreRequest(std::move(request), kLimits, "rev", path);
}

TEST(RequestValidatorTest, AGoodRequestArrivesInPlainStructs) {
  ASSERT_OK_AND_ASSIGN(const ValidRequest valid, Validate([](v1::ScoreRequest&) {}));
  ASSERT_EQ(valid.prompt.size(), 2);
  EXPECT_EQ(valid.prompt[0].role, "system");
  EXPECT_EQ(valid.prompt[0].content, "");
  EXPECT_EQ(valid.prompt[1].content, "hello");
  EXPECT_THAT(valid.responses, ElementsAre("one", ""));
  EXPECT_EQ(valid.detail, ReplyDetail::kScore);
  EXPECT_EQ(valid.encode.truncation, Truncation::kRefuse);
  EXPECT_EQ(valid.encode.max_tokens, 0);
}

TEST(RequestValidatorTest, EverySettingIsTranslated) {
  ASSERT_OK_AND_ASSIGN(const ValidRequest end, Validate([](v1::ScoreRequest& request) {
                         request.set_detail(v1::DETAIL_LEVEL_OBJECTIVES);
                         request.set_truncation(v1::TRUNCATION_KEEP_END);
                         request.set_max_tokens(100);
                         request.set_model_revision("rev");
                       }));
  EXPECT_EQ(end.detail, ReplyDetail::kObjectives);
  EXPECT_EQ(end.encode.truncation, Truncation::kKeepEnd);
  EXPECT_EQ(end.encode.max_tokens, 100);
  ASSERT_OK_AND_ASSIGN(const ValidRequest start, Validate([](v1::ScoreRequest& request) {
                         request.set_detail(v1::DETAIL_LEVEL_SCORE);
                         request.set_truncation(v1::TRUNCATION_KEEP_START);
                       }));
  EXPECT_EQ(start.detail, ReplyDetail::kScore);
  EXPECT_EQ(start.encode.truncation, Truncation::kKeepStart);
}

TEST(RequestValidatorTest, EmptyListsAreNamed) {
  EXPECT_THAT(Validate([](v1::ScoreRequest& r) { r.clear_prompt(); }),
              StatusIs(kInvalid, "prompt: empty; at least 1 is needed"));
  EXPECT_THAT(Validate([](v1::ScoreRequest& r) { r.clear_responses(); }),
              StatusIs(kInvalid, "responses: empty; at least 1 is needed"));
}

TEST(RequestValidatorTest, TooManyAreNamedWithTheLimit) {
  EXPECT_THAT(Validate([](v1::ScoreRequest& r) {
                for (int i = 0; i < 10000; ++i) r.add_responses(std::string("x"));
              }),
              StatusIs(kInvalid, "responses: 10002 given, at most 4"));
  EXPECT_THAT(Validate([](v1::ScoreRequest& r) {
                for (int i = 0; i < 2; ++i) r.add_prompt()->set_role("user");
              }),
              StatusIs(kInvalid, "prompt: 4 given, at most 3"));
}

TEST(RequestValidatorTest, ATextOfTheLimitIsInAndOneByteMoreIsNot) {
  EXPECT_OK(Validate([](v1::ScoreRequest& r) { r.set_responses(1, std::string(10, 'x')); }));
  EXPECT_THAT(Validate([](v1::ScoreRequest& r) { r.set_responses(1, std::string(11, 'x')); }),
              StatusIs(kInvalid, "responses[1]: 11 bytes, at most 10"));
  EXPECT_THAT(
      Validate([](v1::ScoreRequest& r) { r.mutable_prompt(1)->set_content(std::string(11, 'x')); }),
      StatusIs(kInvalid, "prompt[1].content: 11 bytes, at most 10"));
}

TEST(RequestValidatorTest, ARoleThatIsNoneIsNamedAndNotRepeated) {
  EXPECT_THAT(Validate([](v1::ScoreRequest& r) { r.mutable_prompt(1)->set_role("secret"); }),
              StatusIs(kInvalid, HasSubstr("prompt[1].role: unknown")));
  EXPECT_THAT(Validate([](v1::ScoreRequest& r) { r.mutable_prompt(1)->set_role("secret"); }),
              StatusIs(kInvalid, Not(HasSubstr("secret"))));
  EXPECT_THAT(Validate([](v1::ScoreRequest& r) { r.mutable_prompt(0)->clear_role(); }),
              StatusIs(kInvalid, HasSubstr("prompt[0].role: empty")));
}

TEST(RequestValidatorTest, ANumberThatIsNoEnumValueIsNamed) {
  EXPECT_THAT(Validate([](v1::ScoreRequest& r) { r.set_detail(static_cast<v1::DetailLevel>(9)); }),
              StatusIs(kInvalid, "detail: 9 is no DetailLevel"));
  EXPECT_THAT(
      Validate([](v1::ScoreRequest& r) { r.set_truncation(static_cast<v1::Truncation>(-1)); }),
      StatusIs(kInvalid, "truncation: -1 is no Truncation"));
}

TEST(RequestValidatorTest, MaxTokensOutOfRangeIsNamedWithTheRange) {
  for (int bad : {-1, 101}) {
    EXPECT_THAT(Validate([bad](v1::ScoreRequest& r) { r.set_max_tokens(bad); }),
                StatusIs(kInvalid, absl::StrCat("max_tokens: ", bad, " is not in 0..100")));
  }
}

TEST(RequestValidatorTest, AnotherRevisionFailsThePreconditionAndTellsWhichIsLoaded) {
  EXPECT_THAT(Validate([](v1::ScoreRequest& r) { r.set_model_revision("other"); }),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("which is rev")));
}

TEST(RequestValidatorTest, ThePathGoesBeforeEveryName) {
  EXPECT_THAT(Validate([](v1::ScoreRequest& r) { r.clear_prompt(); }, "request."),
              StatusIs(kInvalid, HasSubstr("request.prompt: ")));
  EXPECT_THAT(Validate([](v1::ScoreRequest& r) { r.mutable_prompt(0)->clear_role(); }, "request."),
              StatusIs(kInvalid, HasSubstr("request.prompt[0].role: ")));
  EXPECT_THAT(
      Validate([](v1::ScoreRequest& r) { r.set_model_revision("other"); }, "request."),
      StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("request.model_revision: ")));
}

TEST(RequestValidatorTest, TheBytesOfARequestAreBounded) {
  EXPECT_OK(CheckRequestBytes(1000, kLimits));
  EXPECT_THAT(CheckRequestBytes(1001, kLimits),
              StatusIs(kInvalid, "request: 1001 bytes, at most 1000"));
}

}  // namespace
}  // namespace assay
