#include "client/checkpoint.h"

#include <string>

#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;

const Checkpoint& Example() {
  static const Checkpoint checkpoint = {
      .identity = {{"input", "rows.jsonl"}, {"input_bytes", 7}},
      .counts = {.rows = 5, .errors = 1, .responses = 8, .tokens = 900, .replaced = 2},
      .bytes = 1234};
  return checkpoint;
}

TEST(CheckpointTest, IsReadBackAsItWasWritten) {
  ASSERT_OK_AND_ASSIGN(const Checkpoint read, ParseCheckpoint(RenderCheckpoint(Example())));
  EXPECT_OK(SameIdentity(read.identity, Example().identity));
  EXPECT_EQ(read.counts, Example().counts);
  EXPECT_EQ(read.bytes, 1234);
}

TEST(CheckpointTest, ADamagedOneIsRefusedByItsField) {
  const std::string whole = RenderCheckpoint(Example());
  for (size_t length = 0; length < whole.size() - 1; ++length) {
    EXPECT_THAT(ParseCheckpoint(whole.substr(0, length)), StatusIs(absl::StatusCode::kDataLoss))
        << length;
  }
  for (const char* field : {"format", "identity", "rows", "bytes", "counts"}) {
    Json json = Json::parse(whole);
    json[field] = "x";
    EXPECT_THAT(ParseCheckpoint(json.dump()),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr(field)));
    json.erase(field);
    EXPECT_THAT(ParseCheckpoint(json.dump()),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr(field)));
  }
  for (const char* field : {"errors", "responses", "tokens", "replaced"}) {
    Json json = Json::parse(whole);
    json["counts"][field] = -1;
    EXPECT_THAT(ParseCheckpoint(json.dump()),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr(field)));
  }
}

TEST(CheckpointTest, IdentitiesThatDifferSayInWhatFirst) {
  const Json here = {{"input", "a"}, {"limit", 3}, {"shard", "0/2"}};
  EXPECT_OK(SameIdentity(here, Json::parse(here.dump())));
  EXPECT_THAT(
      SameIdentity(here, {{"input", "a"}, {"limit", 4}, {"shard", "1/2"}}),
      StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("limit is 4 there and 3 here")));
  EXPECT_THAT(SameIdentity(here, {{"input", "a"}, {"limit", 3}}),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("shard is not set there and \"0/2\" here")));
  EXPECT_THAT(SameIdentity(here, {{"input", "a"}, {"limit", 3}, {"shard", "0/2"}, {"extra", true}}),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       AllOf(HasSubstr("extra is true there"), HasSubstr("not set here"))));
}

}  // namespace
}  // namespace assay::client
