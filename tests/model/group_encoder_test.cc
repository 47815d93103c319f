#include "model/group_encoder.h"

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/model/tiny_tokenizer.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::kTinyFirstSpecial;
using ::testing::Not;
using testing::StatusIs;
using testing::TinyTokenizer;
constexpr auto kInvalidArgument = absl::StatusCode::kInvalidArgument;
constexpr int64_t kLimit = 1000;

// <|eot_id|><|start_header_id|>, "a" of assistant and so on would be one token in a real vocabulary; here it is spelled.
TokenIds GatePattern() {
  return TinyTokenizer()
      ->Encode("<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n")
      .value();
}

ChatTemplate Llama3() {
  return ChatTemplate(ChatTemplate::ByName("llama3").value(), "<|begin_of_text|>");
}

GroupEncoder GatedEncoder() {
  return GroupEncoder(TinyTokenizer(), Llama3(), kLimit, GatePattern());
}
GroupEncoder ScalarEncoder() { return GroupEncoder(TinyTokenizer(), Llama3(), kLimit, {}); }

const std::vector<Message> kPrompt = {{"user", "hello world"}};

TokenIds WholeOf(const PromptGroup& group, size_t i) {
  TokenIds ids = group.prefix;
  const TokenIds& own = group.responses[i].tokens;
  ids.insert(ids.end(), own.begin(), own.end());
  return ids;
}

TokenIds ExpectedWhole(const std::vector<Message>& prompt, const std::string& response) {
  const ChatTemplate chat_template = Llama3();
  return TinyTokenizer()
      ->Encode(absl::StrCat(chat_template.RenderPrompt(prompt).value(),
                            chat_template.RenderResponse(response)))
      .value();
}

TEST(GroupEncoderTest, PrefixAndOwnTokensSpellTheWholeConversation) {
  const GroupEncoder encoder = GatedEncoder();
  ASSERT_TRUE(encoder.encodes_prompt_once());
  std::mt19937 random(3);
  const std::string parts[] = {"he",
                               "ll",
                               "o w",
                               "\n",
                               "\n\n",
                               " ",
                               "'S",
                               "<|eot_id|>",
                               "<|",
                               "id|>",
                               "<|end_header_id|>",
                               "\u3000",
                               "é",
                               "[PAD]",
                               "12",
                               "assistant",
                               "<|start_header_id|>",
                               "|>"};
  const auto text = [&] {
    std::string result;
    for (size_t i = random() % 8; i > 0; --i) result += parts[random() % std::size(parts)];
    return result;
  };
  for (int round = 0; round < 500; ++round) {
    std::vector<Message> prompt;
    for (size_t i = 1 + random() % 3; i > 0; --i) {
      prompt.push_back({i % 2 == 0 ? "assistant" : "user", text()});
    }
    std::vector<std::string> responses;
    for (size_t i = 1 + random() % 4; i > 0; --i) responses.push_back(text());
    ASSERT_OK_AND_ASSIGN(const EncodedGroup encoded, encoder.Encode(prompt, responses, {}));
    for (size_t i = 0; i < responses.size(); ++i) {
      ASSERT_OK(encoded.slots[i]);
      ASSERT_EQ(WholeOf(encoded.group, *encoded.slots[i]), ExpectedWhole(prompt, responses[i]));
    }
  }
}

TEST(GroupEncoderTest, ThePrefixIsTheLongestThatLeavesEachResponseAToken) {
  const GroupEncoder encoder = GatedEncoder();
  const auto prefix_size = [&](const std::vector<std::string>& responses) {
    return encoder.Encode(kPrompt, responses, {}).value().group.prefix.size();
  };
  const size_t whole = ExpectedWhole(kPrompt, "abc").size();
  EXPECT_EQ(prefix_size({"abc", "abd"}), whole - 2);  // d and <|eot_id|> differ or follow.
  EXPECT_EQ(prefix_size({"abc", "abc"}), whole - 1);
  EXPECT_EQ(prefix_size({"abc", "abc", "x"}), whole - 4);
  EXPECT_EQ(prefix_size({"abc"}), 0);
  EXPECT_EQ(prefix_size({}), 0);
}

TEST(GroupEncoderTest, TheGateIsWhereTheLastPatternBegins) {
  const GroupEncoder encoder = GatedEncoder();
  const std::vector<std::string> responses = {"yes", "", "<|eot_id|>\n\nno"};
  ASSERT_OK_AND_ASSIGN(const EncodedGroup encoded, encoder.Encode(kPrompt, responses, {}));
  const TokenIds pattern = GatePattern();
  for (size_t i = 0; i < responses.size(); ++i) {
    const TokenIds whole = WholeOf(encoded.group, i);
    const int64_t gate_at = encoded.group.responses[i].gate_at;
    ASSERT_EQ(whole[gate_at], kTinyFirstSpecial + 3);
    EXPECT_EQ(TokenIds(whole.begin() + gate_at, whole.begin() + gate_at + pattern.size()), pattern);
    EXPECT_EQ(gate_at, encoded.group.responses[0].gate_at);
  }
}

TEST(GroupEncoderTest, AResponseThatSpellsThePatternMovesItsOwnGateOnly) {
  const std::vector<std::string> responses = {
      "yes", "a<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nb"};
  ASSERT_OK_AND_ASSIGN(const EncodedGroup encoded, GatedEncoder().Encode(kPrompt, responses, {}));
  EXPECT_GT(encoded.group.responses[1].gate_at, encoded.group.responses[0].gate_at);
}

TEST(GroupEncoderTest, WithoutATurnBeforeItAResponseHasNoGate) {
  ASSERT_OK_AND_ASSIGN(const EncodedGroup encoded, GatedEncoder().Encode({}, {"yes"}, {}));
  EXPECT_THAT(encoded.slots[0], StatusIs(kInvalidArgument, HasSubstr("responses[0]")));
  EXPECT_TRUE(encoded.group.responses.empty());
  ASSERT_OK_AND_ASSIGN(const EncodedGroup scalar, ScalarEncoder().Encode({}, {"yes"}, {}));
  EXPECT_OK(scalar.slots[0]);
  EXPECT_EQ(scalar.group.responses[0].gate_at, -1);
}

TEST(GroupEncoderTest, ATooLongConversationFailsAloneSayingItsLength) {
  const GroupEncoder encoder = GatedEncoder();
  const std::vector<std::string> responses = {"short", std::string(2000, 'z'), "other"};
  ASSERT_OK_AND_ASSIGN(const EncodedGroup encoded, encoder.Encode(kPrompt, responses, {}));
  const size_t length = ExpectedWhole(kPrompt, responses[1]).size();
  EXPECT_THAT(encoded.slots[1], StatusIs(kInvalidArgument, AllOf(HasSubstr("responses[1]"),
                                                                 HasSubstr(absl::StrCat(length)),
                                                                 HasSubstr(absl::StrCat(kLimit)))));
  EXPECT_EQ(encoded.slots[0].value(), 0);
  EXPECT_EQ(encoded.slots[2].value(), 1);
  EXPECT_EQ(WholeOf(encoded.group, 1), ExpectedWhole(kPrompt, "other"));
}

TEST(GroupEncoderTest, TheLimitItselfIsNotTooLong) {
  const int64_t length = static_cast<int64_t>(ExpectedWhole(kPrompt, "abc").size());
  const GroupEncoder encoder = GatedEncoder();
  EXPECT_OK(encoder.Encode(kPrompt, {"abc"}, {.max_tokens = length}).value().slots[0]);
  EXPECT_THAT(encoder.Encode(kPrompt, {"abc"}, {.max_tokens = length - 1}).value().slots[0],
              StatusIs(kInvalidArgument));
}

// Every cut, of conversations that share their prompt or are cut within it, keeps exactly the tokens that were asked for.
TEST(GroupEncoderTest, CutConversationsKeepTheirEndOrTheirStart) {
  const GroupEncoder encoder = ScalarEncoder();
  const std::vector<std::string> responses = {"abcdef", "abcxyz", "q"};
  for (int64_t limit = 1; limit < 60; ++limit) {
    for (const Truncation truncation : {Truncation::kKeepEnd, Truncation::kKeepStart}) {
      ASSERT_OK_AND_ASSIGN(const EncodedGroup encoded,
                           encoder.Encode(kPrompt, responses, {truncation, limit}));
      ASSERT_EQ(encoded.group.responses.size(), responses.size());
      for (size_t i = 0; i < responses.size(); ++i) {
        TokenIds expected = ExpectedWhole(kPrompt, responses[i]);
        const int64_t cut = std::max<int64_t>(0, static_cast<int64_t>(expected.size()) - limit);
        if (truncation == Truncation::kKeepEnd) {
          expected.erase(expected.begin(), expected.begin() + cut);
        } else {
          expected.resize(expected.size() - cut);
        }
        ASSERT_EQ(WholeOf(encoded.group, i), expected);
        ASSERT_EQ(encoded.group.responses[i].truncated_tokens, cut);
        ASSERT_FALSE(encoded.group.responses[i].tokens.empty());
      }
    }
  }
}

TEST(GroupEncoderTest, TheGateOfACutConversationCountsFromTheCut) {
  const GroupEncoder encoder = GatedEncoder();
  const auto whole = encoder.Encode(kPrompt, {"abc"}, {}).value().group.responses[0];
  const int64_t length = static_cast<int64_t>(whole.tokens.size());
  const auto cut = encoder.Encode(kPrompt, {"abc"}, {Truncation::kKeepEnd, length - 5})
                       .value()
                       .group.responses[0];
  EXPECT_EQ(cut.gate_at, whole.gate_at - 5);
  const auto lost =
      encoder.Encode(kPrompt, {"abc"}, {Truncation::kKeepEnd, length - whole.gate_at - 1}).value();
  EXPECT_THAT(lost.slots[0], StatusIs(kInvalidArgument, HasSubstr("end of the prompt")));
}

TEST(GroupEncoderTest, ALimitOutsideItsRangeFailsTheGroup) {
  for (const int64_t limit : {int64_t{-1}, kLimit + 1}) {
    EXPECT_THAT(GatedEncoder().Encode(kPrompt, {"a"}, {.max_tokens = limit}),
                StatusIs(kInvalidArgument, HasSubstr("max_tokens")));
  }
}

TEST(GroupEncoderTest, TextThatIsNotUtf8IsRefusedWithoutEchoingIt) {
  const GroupEncoder encoder = GatedEncoder();
  const std::vector<Message> bad_prompt = {{"user", "private\xFF"}};
  EXPECT_THAT(encoder.Encode(bad_prompt, {"a"}, {}),
              StatusIs(kInvalidArgument, Not(HasSubstr("private"))));
  ASSERT_OK_AND_ASSIGN(const EncodedGroup encoded,
                       encoder.Encode(kPrompt, {"private\xFF", "fine"}, {}));
  EXPECT_THAT(encoded.slots[0], StatusIs(kInvalidArgument, AllOf(HasSubstr("responses[0]"),
                                                                 Not(HasSubstr("private")))));
  EXPECT_OK(encoded.slots[1]);
}

TEST(GroupEncoderTest, AnUnknownRoleFailsTheGroup) {
  const std::vector<Message> prompt = {{"tool", "a"}};
  EXPECT_THAT(GatedEncoder().Encode(prompt, {"a"}, {}),
              StatusIs(kInvalidArgument, HasSubstr("prompt[0].role")));
}

TEST(GroupEncoderTest, WithoutAHardBoundaryEachConversationIsEncodedWhole) {
  Json file = testing::TinyTokenizerJson();
  Json reaching = file["added_tokens"][0];
  reaching["content"] = "<|end_header_id|>\n\nhe";
  reaching["id"] = kTinyFirstSpecial + 7;
  file["added_tokens"].push_back(reaching);
  auto tokenizer = Tokenizer::Create(file.dump()).value();
  const GroupEncoder encoder(std::move(tokenizer), Llama3(), kLimit, {});
  ASSERT_FALSE(encoder.encodes_prompt_once());
  const std::vector<Message> prompt = {{"user", "world"}};
  ASSERT_OK_AND_ASSIGN(const EncodedGroup encoded, encoder.Encode(prompt, {"hey", "you"}, {}));
  const TokenIds first = WholeOf(encoded.group, 0);
  EXPECT_NE(std::find(first.begin(), first.end(), kTinyFirstSpecial + 7), first.end());
  EXPECT_EQ(WholeOf(encoded.group, 1), ExpectedWhole(prompt, "you"));
}

TEST(GroupEncoderTest, AConversationWithoutAnyTokenIsRefused) {
  auto tokenizer =
      Tokenizer::Create(
          R"({"pre_tokenizer": null, "model": {"type": "BPE", "vocab": {}, "merges": []}})")
          .value();
  const GroupEncoder encoder(std::move(tokenizer), Llama3(), kLimit, {});
  ASSERT_OK_AND_ASSIGN(const EncodedGroup encoded, encoder.Encode(kPrompt, {"a"}, {}));
  EXPECT_THAT(encoded.slots[0], StatusIs(kInvalidArgument, HasSubstr("no token")));
}

}  // namespace
}  // namespace assay
