#include "server/connection_listener.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace assay {
namespace {

constexpr absl::Duration kSweepInterval = absl::Milliseconds(10);
constexpr absl::Duration kReportInterval = absl::Minutes(1);
// Without a free descriptor a waiting connection keeps its socket readable: no use to ask at once.
constexpr int kOutOfDescriptorsMs = 100;
// Taken at a go, so that a flood does not keep Stop() waiting.
constexpr int kTakenAtOnce = 64;
// Descriptors beside the connections': files, devices, the metrics' port, gRPC's own.
constexpr int64_t kOtherDescriptors = 256;

absl::Status MakeRoomForDescriptors(int64_t max_connections) {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return absl::InternalError("getrlimit failed");
  const auto needed = static_cast<rlim_t>(max_connections + kOtherDescriptors);
  if (limit.rlim_cur >= needed) return absl::OkStatus();
  if (limit.rlim_max >= needed) {
    limit.rlim_cur = needed;
    if (setrlimit(RLIMIT_NOFILE, &limit) == 0) return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      absl::StrCat("max_connections: ", max_connections, " connections need ", needed,
                   " open files and this process may have ", limit.rlim_max,
                   ": raise that limit (`ulimit -n`, LimitNOFILE=), or lower max_connections"));
}

// Why `address` cannot be listened on; `error` is errno's.
absl::Status CannotListen(const ListenAddress& address, int error) {
  const char* why = error == EADDRINUSE      ? "the port is in use"
                    : error == EACCES        ? "this process may not use the port"
                    : error == EADDRNOTAVAIL ? "the host is not this machine's"
                                             : std::strerror(error);
  return absl::FailedPreconditionError(
      absl::StrCat("cannot listen on ", address.ToString(), ": ", why));
}

// A socket that listens on `info`; the errno where there is none.
absl::StatusOr<int> ListenOn(const addrinfo& info, const ListenAddress& address) {
  const int fd = socket(info.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
  if (fd < 0) return CannotListen(address, errno);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  // Inherited by its connections.
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (bind(fd, info.ai_addr, info.ai_addrlen) != 0 || listen(fd, SOMAXCONN) != 0) {
    const int error = errno;
    close(fd);
    return CannotListen(address, error);
  }
  return fd;
}

// The inode of the socket that `fd` is right now; 0: it is none. Whoever owns it may close it, and
// the system give its number away, meanwhile: then the inode is another one. Not by fstat(), which
// ThreadSanitizer takes for a use of what another thread closes.
ino_t SocketInode(int fd) {
  struct stat status;
  const bool is_socket = fstatat(fd, "", &status, AT_EMPTY_PATH) == 0 && S_ISSOCK(status.st_mode);
  return is_socket ? status.st_ino : 0;
}

int PortOf(int fd) {
  sockaddr_storage bound = {};
  socklen_t size = sizeof(bound);
  getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &size);
  return ntohs(bound.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6*>(&bound)->sin6_port
                                           : reinterpret_cast<sockaddr_in*>(&bound)->sin_port);
}

}  // namespace

absl::StatusOr<std::unique_ptr<ConnectionListener>> ConnectionListener::Create(
    const ListenAddress& address, int64_t max_connections, Clock* clock) {
  ASSAY_RETURN_IF_ERROR(MakeRoomForDescriptors(max_connections));
  std::unique_ptr<ConnectionListener> listener(
      new ConnectionListener(address, max_connections, clock));
  ASSAY_RETURN_IF_ERROR(listener->Listen());
  return listener;
}

ConnectionListener::ConnectionListener(const ListenAddress& address, int64_t max_connections,
                                       Clock* clock)
    : address_(address), max_connections_(max_connections), clock_(clock) {}

ConnectionListener::~ConnectionListener() { Stop(); }

absl::Status ConnectionListener::Listen() {
  wake_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake_ < 0) return CannotListen(address_, errno);
  std::string host = address_.host;
  if (host.front() == '[') host = host.substr(1, host.size() - 2);
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) {
    return absl::FailedPreconditionError(absl::StrCat("cannot listen on ", address_.ToString(),
                                                      ": the host's name is not known here"));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> all(found, &freeaddrinfo);
  absl::Status why;
  for (const addrinfo* info = found; info != nullptr; info = info->ai_next) {
    // Port 0 is one free port, the same on every address.
    const auto port = htons(static_cast<uint16_t>(address_.port));
    if (info->ai_family == AF_INET) {
      reinterpret_cast<sockaddr_in*>(info->ai_addr)->sin_port = port;
    } else if (info->ai_family == AF_INET6) {
      reinterpret_cast<sockaddr_in6*>(info->ai_addr)->sin6_port = port;
    } else {
      continue;
    }
    const absl::StatusOr<int> socket = ListenOn(*info, address_);
    if (!socket.ok()) {
      why = socket.status();
      continue;
    }
    sockets_.push_back(*socket);
    if (address_.port == 0) address_.port = PortOf(*socket);
  }
  // "localhost" has an address of each family, and a machine may be without one of them; but a port
  // that another program has on one of them would share clients with it.
  if (sockets_.empty() || absl::StrContains(why.message(), "in use")) return why;
  return absl::OkStatus();
}

void ConnectionListener::Start(Take take) {
  take_ = std::move(take);
  thread_ = std::thread([this] { Loop(); });
}

void ConnectionListener::Stop() {
  if (thread_.joinable()) {
    eventfd_write(wake_, 1);
    thread_.join();
  }
  for (int socket : sockets_) close(socket);
  sockets_.clear();
  if (wake_ >= 0) close(wake_);
  wake_ = -1;
}

void ConnectionListener::Loop() {
  std::vector<pollfd> polled = {{.fd = wake_, .events = POLLIN, .revents = 0}};
  for (int socket : sockets_) polled.push_back({.fd = socket, .events = POLLIN, .revents = 0});
  while (true) {
    if (poll(polled.data(), polled.size(), -1) < 0) continue;  // A signal.
    if (polled[0].revents != 0) return;
    for (size_t i = 1; i < polled.size(); ++i) {
      if (polled[i].revents == 0 || AcceptAll(polled[i].fd)) continue;
      ReportRefusal("no open file is left for them: raise that limit (`ulimit -n`, LimitNOFILE=)");
      poll(polled.data(), 1, kOutOfDescriptorsMs);
    }
  }
}

bool ConnectionListener::AcceptAll(int socket) {
  for (int i = 0; i < kTakenAtOnce; ++i) {
    const int fd = accept4(socket, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      return errno == EAGAIN || errno == EWOULDBLOCK;
    }
    const ino_t inode = SocketInode(fd);
    if (!HasRoom() || inode == 0) {
      close(fd);
      ReportRefusal("max_connections is reached: raise it, or see who opens so many");
      continue;
    }
    connections_.push_back({.fd = fd, .inode = inode});
    take_(fd);
  }
  return true;
}

bool ConnectionListener::HasRoom() {
  const auto full = [this] {
    return static_cast<int64_t>(connections_.size()) >= max_connections_;
  };
  if (full() && clock_->Now() >= swept_at_ + kSweepInterval) {
    swept_at_ = clock_->Now();
    std::erase_if(connections_, [](const Connection& connection) {
      return SocketInode(connection.fd) != connection.inode;
    });
  }
  return !full();
}

void ConnectionListener::ReportRefusal(const char* why) {
  ++refused_;
  if (clock_->Now() < reported_at_ + kReportInterval) return;
  reported_at_ = clock_->Now();
  spdlog::warn("{} connections were not taken, {} being open: {}", std::exchange(refused_, 0),
               connections_.size(), why);
}

}  // namespace assay
