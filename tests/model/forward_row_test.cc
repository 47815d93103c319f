#include "model/forward_row.h"

#include <string>

#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::assay::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

TEST(ForwardRowTest, ReadsAConversationWhoseLastMessageIsTheResponse) {
  ASSERT_OK_AND_ASSIGN(const ForwardRow row, ParseForwardRow(R"({"id": 7, "messages": [
      {"role": "system", "content": "s"}, {"role": "user", "content": "u"},
      {"role": "assistant", "content": "a"}]})"));
  ASSERT_THAT(row.prompt, SizeIs(2));
  EXPECT_EQ(row.prompt[1].role, "user");
  EXPECT_EQ(row.prompt[1].content, "u");
  EXPECT_THAT(row.responses, ElementsAre("a"));
  EXPECT_THAT(row.input_ids, IsEmpty());
}

TEST(ForwardRowTest, ReadsAPromptWithResponsesOrWithAPair) {
  ASSERT_OK_AND_ASSIGN(const ForwardRow responses,
                       ParseForwardRow(R"({"prompt": "p", "responses": ["x", "y", "z"]})"));
  ASSERT_THAT(responses.prompt, SizeIs(1));
  EXPECT_EQ(responses.prompt[0].role, "user");
  EXPECT_EQ(responses.prompt[0].content, "p");
  EXPECT_THAT(responses.responses, ElementsAre("x", "y", "z"));
  ASSERT_OK_AND_ASSIGN(const ForwardRow pair,
                       ParseForwardRow(R"({"prompt": [{"role": "user", "content": "p"}],
                                           "rejected": "bad", "chosen": "good"})"));
  EXPECT_THAT(pair.responses, ElementsAre("good", "bad"));
}

TEST(ForwardRowTest, ReadsTokenIds) {
  ASSERT_OK_AND_ASSIGN(const ForwardRow row, ParseForwardRow(R"({"input_ids": [3, 0, 128256]})"));
  EXPECT_THAT(row.input_ids, ElementsAre(3, 0, 128256));
  EXPECT_THAT(row.prompt, IsEmpty());
}

TEST(ForwardRowTest, NamesTheKeyThatIsWrongAndShowsNoText) {
  const std::pair<const char*, const char*> cases[] = {
      {R"(["secret"])", "not a JSON object"},
      {R"({"secret": 1)", "not a JSON object"},
      {R"({"text": "secret"})", "none of"},
      {R"({"messages": "secret"})", "messages"},
      {R"({"messages": [{"role": "assistant", "content": "secret"}]})", "messages"},
      {R"({"messages": [{"role": "user", "content": "secret"}, {"role": "user", "content": ""}]})",
       "messages"},
      {R"({"messages": ["secret", "secret"]})", "messages"},
      {R"({"messages": [{"role": "user"}, {"role": "assistant", "content": "secret"}]})",
       "content"},
      {R"({"prompt": "secret", "responses": []})", "responses"},
      {R"({"prompt": "secret", "responses": ["secret", 1]})", "responses"},
      {R"({"prompt": "secret", "chosen": "secret"})", "rejected"},
      {R"({"prompt": [], "chosen": "secret", "rejected": "secret"})", "prompt"},
      {R"({"input_ids": []})", "input_ids"},
      {R"({"input_ids": [1, -1]})", "input_ids"},
      {R"({"input_ids": [2147483648]})", "input_ids"},
      {R"({"input_ids": [18446744073709551615]})", "input_ids"},
      {R"({"input_ids": [1.5]})", "input_ids"},
  };
  for (const auto& [line, named] : cases) {
    const auto row = ParseForwardRow(line);
    EXPECT_THAT(row, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(named))) << line;
    EXPECT_THAT(std::string(row.status().message()), Not(HasSubstr("secret"))) << line;
  }
}

TEST(ForwardRowTest, FindsTheGateAtTheLastOccurrenceOfItsPattern) {
  ASSERT_OK_AND_ASSIGN(const PromptGroup group, GroupOfIds({7, 1, 2, 7, 1, 2, 9}, {1, 2}));
  EXPECT_THAT(group.prefix, IsEmpty());
  ASSERT_THAT(group.responses, SizeIs(1));
  EXPECT_EQ(group.responses[0].gate_at, 4);
  EXPECT_THAT(group.responses[0].tokens, SizeIs(7));
  EXPECT_THAT(GroupOfIds({1, 7, 2}, {1, 2}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("gate pattern")));
  EXPECT_EQ(GroupOfIds({1, 2}, {})->responses[0].gate_at, -1);
}

}  // namespace
}  // namespace assay
