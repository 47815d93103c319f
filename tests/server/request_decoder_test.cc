#include "server/request_decoder.h"

#include <random>
#include <string>

#include "base/utf8.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;
using ::testing::Not;
using testing::StatusIs;

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

v1::ScoreRequest GoodRequest() {
  v1::ScoreRequest request;
  for (const char* content : {"first", "second"}) {
    v1::Message& message = *request.add_prompt();
    message.set_role("user");
    message.set_content(content);
  }
  for (const char* response : {"a", "b", "", "d"}) request.add_responses(response);
  request.set_detail(v1::DETAIL_LEVEL_OBJECTIVES);
  request.set_truncation(v1::TRUNCATION_KEEP_END);
  request.set_max_tokens(17);
  request.set_model_revision("r");
  return request;
}

std::string StreamBytes(const v1::ScoreRequest& request, const std::string& id = "id-1") {
  v1::ScoreStreamRequest message;
  message.set_request_id(id);
  *message.mutable_request() = request;
  return message.SerializeAsString();
}

// A length-delimited field.
std::string Field(int number, const std::string& payload) {
  return std::string(1, static_cast<char>(number << 3 | 2)) +
         std::string(1, static_cast<char>(payload.size())) + payload;
}

// An integer field, below 128 both.
std::string Number(int number, int value) {
  return std::string(1, static_cast<char>(number << 3)) + std::string(1, static_cast<char>(value));
}

const std::string kNotUtf8 = "ok\xC3(";

TEST(DecodeScoreRequestTest, AGoodRequestArrivesWhole) {
  ASSERT_OK_AND_ASSIGN(const v1::ScoreRequest decoded,
                       DecodeScoreRequest(GoodRequest().SerializeAsString()));
  EXPECT_EQ(decoded.SerializeAsString(), GoodRequest().SerializeAsString());
}

TEST(DecodeScoreRequestTest, NoBytesAreAnEmptyRequest) { EXPECT_OK(DecodeScoreRequest("")); }

TEST(DecodeScoreRequestTest, TextThatIsNotUtf8IsNamedWithItsByte) {
  const std::string good = Field(2, "good");
  EXPECT_THAT(DecodeScoreRequest(good + good + Field(2, kNotUtf8)),
              StatusIs(kInvalid, "responses[2]: not UTF-8 at byte 2"));
  EXPECT_THAT(DecodeScoreRequest(Field(1, Field(1, "user")) + Field(1, Field(2, kNotUtf8))),
              StatusIs(kInvalid, "prompt[1].content: not UTF-8 at byte 2"));
  EXPECT_THAT(DecodeScoreRequest(Field(1, Field(1, kNotUtf8))),
              StatusIs(kInvalid, "prompt[0].role: not UTF-8 at byte 2"));
  EXPECT_THAT(DecodeScoreRequest(Field(6, kNotUtf8)),
              StatusIs(kInvalid, "model_revision: not UTF-8 at byte 2"));
}

TEST(DecodeScoreRequestTest, AFieldThisServerDoesNotKnowIsRefusedByNumber) {
  EXPECT_THAT(DecodeScoreRequest(Number(9, 1)), StatusIs(kInvalid, HasSubstr("field 9: unknown")));
  EXPECT_THAT(DecodeScoreRequest(Field(1, Number(7, 1))),
              StatusIs(kInvalid, HasSubstr("prompt[0].field 7: unknown")));
}

TEST(DecodeScoreRequestTest, AValueOfAnotherTypeIsNamed) {
  EXPECT_THAT(DecodeScoreRequest(Number(2, 1)),
              StatusIs(kInvalid, HasSubstr("responses[0]: has wire type 0")));
  EXPECT_THAT(DecodeScoreRequest(Field(5, "x")),
              StatusIs(kInvalid, HasSubstr("max_tokens: has wire type 2")));
}

TEST(DecodeScoreRequestTest, BytesThatEndEarlyNameTheFieldTheyEndIn) {
  const std::string good = Field(2, "good");
  EXPECT_THAT(DecodeScoreRequest(good + good.substr(0, 4)),
              StatusIs(kInvalid, HasSubstr("responses[1]: the bytes end early")));
  EXPECT_THAT(DecodeScoreRequest(Field(1, Field(2, "text").substr(0, 3))),
              StatusIs(kInvalid, HasSubstr("prompt[0].content: the bytes end early")));
  EXPECT_THAT(DecodeScoreRequest("\xFF"),
              StatusIs(kInvalid, HasSubstr("message: the bytes make no sense")));
  EXPECT_THAT(DecodeScoreRequest(std::string("\0\0", 2)),
              StatusIs(kInvalid, HasSubstr("message:")));
}

TEST(DecodeScoreRequestTest, AHugeLengthIsRefusedWithoutBeingBelieved) {
  EXPECT_THAT(DecodeScoreRequest("\x12\xFF\xFF\xFF\xFF\x7F"),
              StatusIs(kInvalid, HasSubstr("responses[0]")));
  EXPECT_THAT(DecodeScoreRequest("\x12\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"),
              StatusIs(kInvalid, HasSubstr("responses[0]")));
}

TEST(DecodeScoreRequestTest, EveryCutOfAGoodRequestIsAnErrorOrAGoodRequest) {
  const std::string bytes = GoodRequest().SerializeAsString();
  for (size_t size = 0; size < bytes.size(); ++size) {
    const auto decoded = DecodeScoreRequest(bytes.substr(0, size));
    if (!decoded.ok()) {
      EXPECT_THAT(decoded, StatusIs(kInvalid, HasSubstr(": ")));
    }
  }
}

TEST(DecodeScoreRequestTest, WhateverTheBytesTheAnswerIsAnErrorOrWhatProtobufReads) {
  std::mt19937 random(3);
  int refused = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string bytes = GoodRequest().SerializeAsString();
    for (int i = random() % 3; i >= 0; --i)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    const auto decoded = DecodeScoreRequest(bytes);
    if (!decoded.ok()) {
      ++refused;
      ASSERT_THAT(decoded, StatusIs(kInvalid));
      // The error itself goes out as text.
      ASSERT_EQ(FindInvalidUtf8(decoded.status().message()), std::string::npos);
      continue;
    }
    v1::ScoreRequest parsed;
    ASSERT_TRUE(parsed.ParseFromString(bytes));
    ASSERT_EQ(decoded->SerializeAsString(), parsed.SerializeAsString());
  }
  EXPECT_GT(refused, 1000);
}

TEST(DecodeScoreRequestTest, NoErrorRepeatsTheText) {
  EXPECT_THAT(DecodeScoreRequest(Field(2, "secret\xFF")),
              StatusIs(kInvalid, Not(HasSubstr("secret"))));
}

TEST(DecodeScoreStreamRequestTest, AGoodRequestArrivesWithItsId) {
  const DecodedStreamRequest decoded = DecodeScoreStreamRequest(StreamBytes(GoodRequest()));
  EXPECT_EQ(decoded.request_id, "id-1");
  ASSERT_OK(decoded.request);
  EXPECT_EQ(decoded.request->SerializeAsString(), GoodRequest().SerializeAsString());
}

TEST(DecodeScoreStreamRequestTest, ABrokenRequestKeepsItsIdAndNamesTheFieldFromTheTop) {
  const DecodedStreamRequest decoded =
      DecodeScoreStreamRequest(Field(1, "id-2") + Field(2, Field(2, kNotUtf8)));
  EXPECT_EQ(decoded.request_id, "id-2");
  EXPECT_THAT(decoded.request, StatusIs(kInvalid, "request.responses[0]: not UTF-8 at byte 2"));
  // Even where the id comes after what is broken.
  EXPECT_EQ(DecodeScoreStreamRequest(Field(2, Field(2, kNotUtf8)) + Field(1, "id-3")).request_id,
            "id-3");
  EXPECT_EQ(DecodeScoreStreamRequest(Field(1, "id-4") + "\xFF").request_id, "id-4");
}

TEST(DecodeScoreStreamRequestTest, AnIdThatCannotBeEchoedIsAnErrorAndNotEchoed) {
  const std::string request = Field(2, GoodRequest().SerializeAsString());
  DecodedStreamRequest decoded = DecodeScoreStreamRequest(request);
  EXPECT_THAT(decoded.request, StatusIs(kInvalid, "request_id: empty"));
  decoded = DecodeScoreStreamRequest(StreamBytes(GoodRequest(), std::string(129, 'x')));
  EXPECT_THAT(decoded.request, StatusIs(kInvalid, "request_id: 129 bytes; at most 128"));
  EXPECT_THAT(decoded.request_id, IsEmpty());
  decoded = DecodeScoreStreamRequest(Field(1, kNotUtf8) + request);
  EXPECT_THAT(decoded.request, StatusIs(kInvalid, HasSubstr("request_id: not UTF-8")));
  EXPECT_THAT(decoded.request_id, IsEmpty());
  decoded = DecodeScoreStreamRequest(StreamBytes(GoodRequest(), std::string(128, 'x')));
  EXPECT_OK(decoded.request);
  EXPECT_EQ(decoded.request_id.size(), 128);
}

TEST(DecodeScoreStreamRequestTest, AMissingRequestIsNamed) {
  EXPECT_THAT(DecodeScoreStreamRequest(Field(1, "id")).request,
              StatusIs(kInvalid, "request: missing"));
}

}  // namespace
}  // namespace assay
