#include "tests/testing/fake_encoder.h"

#include <thread>
#include <vector>

#include "tests/testing/status_matchers.h"

namespace assay::testing {
namespace {

const std::vector<Message> kPrompt = {{"user", "hi"}};

TEST(FakeEncoderTest, PrefixAndResponseMakeTheWholeConversation) {
  const std::vector<std::string> responses = {"a", ""};
  ASSERT_OK_AND_ASSIGN(const EncodedGroup encoded, FakeEncoder().Encode(kPrompt, responses, {}));
  EXPECT_EQ(encoded.group.prefix, (TokenIds{'h', 'i', kEndOfTurn}));
  EXPECT_EQ(encoded.group.responses[0].tokens, (TokenIds{'a', kEndOfResponse}));
  EXPECT_EQ(encoded.group.responses[1].tokens, (TokenIds{kEndOfResponse}));
  EXPECT_EQ(FakeTokensOf(kPrompt, "a"), (TokenIds{'h', 'i', kEndOfTurn, 'a', kEndOfResponse}));
}

TEST(FakeEncoderTest, ARefusedResponseLeavesItsNeighboursIn) {
  const std::vector<std::string> responses = {"a", "refused", "b"};
  ASSERT_OK_AND_ASSIGN(const EncodedGroup encoded, FakeEncoder().Encode(kPrompt, responses, {}));
  EXPECT_EQ(*encoded.slots[0], 0);
  EXPECT_THAT(encoded.slots[1], StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(*encoded.slots[2], 1);
}

TEST(FakeEncoderTest, ALongConversationIsRefusedOrCutAsAsked) {
  const std::vector<std::string> responses = {"abc"};  // 7 tokens in all.
  const FakeEncoder encoder(/*max_tokens=*/5);
  EXPECT_THAT(encoder.Encode(kPrompt, responses, {})->slots[0],
              StatusIs(absl::StatusCode::kInvalidArgument));
  const auto end = encoder.Encode(kPrompt, responses, {.truncation = Truncation::kKeepEnd});
  EXPECT_EQ(end->group.responses[0].tokens, (TokenIds{kEndOfTurn, 'a', 'b', 'c', kEndOfResponse}));
  EXPECT_EQ(end->group.responses[0].truncated_tokens, 2);
  const auto start =
      encoder.Encode(kPrompt, responses, {.truncation = Truncation::kKeepStart, .max_tokens = 4});
  EXPECT_EQ(start->group.responses[0].tokens, (TokenIds{'h', 'i', kEndOfTurn, 'a'}));
}

TEST(FakeEncoderTest, ARefusedRoleFailsTheGroup) {
  const std::vector<Message> prompt = {{"refused", "hi"}};
  const std::vector<std::string> responses = {"a"};
  EXPECT_THAT(FakeEncoder().Encode(prompt, responses, {}),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(FakeEncoderTest, ABlockedCallEndsAfterRelease) {
  FakeEncoder encoder;
  encoder.Block();
  std::thread caller([&] {
    const std::vector<std::string> responses = {"a"};
    EXPECT_OK(encoder.Encode(kPrompt, responses, {}));
  });
  encoder.AwaitBegun(1);
  encoder.Release();
  caller.join();
}

}  // namespace
}  // namespace assay::testing
