#include "model/checkpoint_encoder.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "model/sha256.h"
#include "tests/model/tiny_tokenizer.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::StatusIs;
constexpr auto kDataLoss = absl::StatusCode::kDataLoss;
constexpr auto kNotFound = absl::StatusCode::kNotFound;
constexpr auto kUnimplemented = absl::StatusCode::kUnimplemented;

constexpr char kChatMl[] =
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] | trim + "
    "'<|im_end|>\n' }}{% endfor %}";

class CheckpointEncoderTest : public ::testing::Test {
 protected:
  CheckpointEncoderTest()
      : folder_(::testing::TempDir() + "checkpoint_encoder_test." +
                ::testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::filesystem::create_directories(folder_);
    Write("tokenizer.json", testing::TinyTokenizerJson().dump());
    Write("tokenizer_config.json", R"({"bos_token": "<|begin_of_text|>"})");
    Write("chat_template.jinja", kChatMl);
    config_.max_positions = 100;
  }
  ~CheckpointEncoderTest() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ + "/" + name, std::ios::binary) << text;
  }
  void Remove(const std::string& name) { std::filesystem::remove(folder_ + "/" + name); }
  absl::StatusOr<LoadedText> Load(const std::string& choice = "auto") {
    return LoadText(folder_, config_, {.chat_template = choice});
  }

  const std::string folder_;
  ModelConfig config_{};
};

TEST_F(CheckpointEncoderTest, ReadsAFolder) {
  ASSERT_OK_AND_ASSIGN(const LoadedText loaded, Load());
  EXPECT_EQ(loaded.template_name, "chatml");
  EXPECT_EQ(loaded.template_hash, Sha256Hex(kChatMl));
  EXPECT_EQ(loaded.tokenizer_hash, Sha256Hex(testing::TinyTokenizerJson().dump()));
  const std::vector<Message> prompt = {{"user", "hello"}};
  ASSERT_OK_AND_ASSIGN(const EncodedGroup encoded, loaded.encoder->Encode(prompt, {"a", "b"}, {}));
  EXPECT_EQ(encoded.group.prefix,
            testing::TinyTokenizer()
                ->Encode("<|im_start|>user\nhello<|im_end|>\n<|im_start|>assistant\n")
                .value());
}

TEST_F(CheckpointEncoderTest, TheTemplatesOwnFileWinsOverTheConfigs) {
  Write("tokenizer_config.json", R"({"chat_template": "{{ other }}"})");
  EXPECT_OK(Load());
  Remove("chat_template.jinja");
  EXPECT_THAT(Load(), StatusIs(kUnimplemented, HasSubstr("--chat-template")));
}

TEST_F(CheckpointEncoderTest, WithoutATemplateOneMustBeChosen) {
  Remove("chat_template.jinja");
  EXPECT_THAT(Load(), StatusIs(kUnimplemented, HasSubstr("--chat-template")));
  ASSERT_OK_AND_ASSIGN(const LoadedText loaded, Load("llama3"));
  EXPECT_EQ(loaded.template_name, "llama3");
  EXPECT_EQ(loaded.template_hash, Sha256Hex("llama3"));
  EXPECT_THAT(Load("alpaca"), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(CheckpointEncoderTest, Llama3NeedsTheBeginOfTextToken) {
  Write("tokenizer_config.json", "{}");
  EXPECT_THAT(Load("llama3"), StatusIs(kDataLoss, HasSubstr("bos_token")));
  EXPECT_OK(Load("chatml"));
}

TEST_F(CheckpointEncoderTest, AMissingFileIsNamed) {
  for (const char* name : {"tokenizer.json", "tokenizer_config.json"}) {
    const std::string kept = std::string(name) + ".kept";
    std::filesystem::rename(folder_ + "/" + name, folder_ + "/" + kept);
    EXPECT_THAT(Load(), StatusIs(kNotFound, HasSubstr(name)));
    std::filesystem::rename(folder_ + "/" + kept, folder_ + "/" + name);
  }
  EXPECT_THAT(LoadText(folder_ + "/nowhere", config_, {}), StatusIs(kNotFound));
}

TEST_F(CheckpointEncoderTest, ADamagedFileIsNamedWithItsKey) {
  Write("tokenizer_config.json", R"({"bos_token": 7})");
  EXPECT_THAT(Load(), StatusIs(kDataLoss,
                               AllOf(HasSubstr("tokenizer_config.json"), HasSubstr("bos_token"))));
  Write("tokenizer_config.json", "{}");
  Write("tokenizer.json", R"({"model": {"type": "BPE"}})");
  EXPECT_THAT(Load(),
              StatusIs(kDataLoss, AllOf(HasSubstr("tokenizer.json"), HasSubstr("model.vocab"))));
  Write("tokenizer.json", R"({"model": {"type": "WordPiece"}})");
  EXPECT_THAT(Load(),
              StatusIs(kUnimplemented, AllOf(HasSubstr("tokenizer.json"), HasSubstr("WordPiece"))));
  Write("tokenizer.json", "");
  EXPECT_THAT(Load(), StatusIs(kDataLoss, HasSubstr("tokenizer.json")));
}

TEST_F(CheckpointEncoderTest, AFolderInAFilesPlaceIsDataLoss) {
  Remove("chat_template.jinja");
  std::filesystem::create_directory(folder_ + "/chat_template.jinja");
  EXPECT_THAT(Load(), StatusIs(kDataLoss, HasSubstr("chat_template.jinja")));
}

TEST_F(CheckpointEncoderTest, TheModelsLimitAndGateAreTheConfigs) {
  config_.max_positions = 10;
  config_.gate_pattern = {1, 2, 3};
  ASSERT_OK_AND_ASSIGN(const LoadedText loaded, Load());
  const std::vector<Message> prompt = {{"user", ""}};
  ASSERT_OK_AND_ASSIGN(const EncodedGroup long_one, loaded.encoder->Encode(prompt, {"a"}, {}));
  EXPECT_THAT(long_one.slots[0],
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("the limit is 10")));
  ASSERT_OK_AND_ASSIGN(const EncodedGroup gateless,
                       loaded.encoder->Encode(prompt, {"a"}, {Truncation::kKeepEnd, 0}));
  EXPECT_THAT(gateless.slots[0], StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("gate")));
}

TEST(EmbeddedModelTest, TheBundledTokenizerAndTemplateLoad) {
  ModelConfig config{};
  config.max_positions = 8192;
  config.gate_pattern = {2, 198, 1, 520, 9531, 198};
  ASSERT_OK_AND_ASSIGN(const LoadedText loaded,
                       LoadText(std::string(ASSAY_SOURCE_DIR) + "/data/armorm-mini", config, {}));
  EXPECT_EQ(loaded.template_name, "chatml");
  const std::vector<Message> prompt = {{"user", "What is 2+2?"}};
  ASSERT_OK_AND_ASSIGN(const EncodedGroup encoded, loaded.encoder->Encode(prompt, {"4"}, {}));
  ASSERT_OK(encoded.slots[0]);
  const EncodedResponse& response = encoded.group.responses[0];
  EXPECT_EQ(response.tokens[response.gate_at], 2);
}

}  // namespace
}  // namespace assay
