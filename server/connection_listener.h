// server/connection_listener.h
// The listening port: takes connections as they come, up to a number at a time, and hands them on.
// gRPC could listen itself, but it does not count its connections. Knows nothing of what
// connections are for.
#ifndef ASSAY_SERVER_CONNECTION_LISTENER_H_
#define ASSAY_SERVER_CONNECTION_LISTENER_H_

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "server/listen_address.h"

namespace assay {

// One owner; take() runs on a thread of its own.
class ConnectionListener {
 public:
  // Owns `fd`, a TCP connection in non-blocking mode, from then on, and closes it in the end.
  using Take = std::function<void(int fd)>;

  // Listens on every address of `address`'s host; connections wait in the system until Start().
  // Raises the process's limit on open files where max_connections need it. Borrows `clock`.
  //   FAILED_PRECONDITION  the address cannot be listened on, saying why; or the limit on open files
  //                        cannot be raised so far.
  static absl::StatusOr<std::unique_ptr<ConnectionListener>> Create(const ListenAddress& address,
                                                                    int64_t max_connections,
                                                                    Clock* clock);
  ~ConnectionListener();  // As Stop().
  ConnectionListener(const ConnectionListener&) = delete;
  ConnectionListener& operator=(const ConnectionListener&) = delete;

  // With the port that was bound.
  const ListenAddress& address() const { return address_; }

  // Begins to hand connections to `take`. Beyond max_connections at a time they are closed as they
  // come, and the log is told, at most once a minute. A connection counts until its owner has closed
  // it; that is looked for only when the number is reached, and then at most every 10 ms. Once.
  void Start(Take take);

  // Closes the port; take() has returned and is not called again. Connections stay.
  void Stop();

 private:
  // A file descriptor's number is used again after it is closed, its inode is not.
  struct Connection {
    int fd;
    ino_t inode;
  };

  ConnectionListener(const ListenAddress& address, int64_t max_connections, Clock* clock);

  absl::Status Listen();
  void Loop();
  // Takes what waits at `socket`; false: no file descriptor was left.
  bool AcceptAll(int socket);
  bool HasRoom();
  void ReportRefusal(const char* why);

  ListenAddress address_;
  const int64_t max_connections_;
  Clock* const clock_;  // Borrowed.

  std::vector<int> sockets_;  // Listening, non-blocking.
  int wake_ = -1;             // An eventfd; readable: stop.

  // The thread's own, once it runs.
  Take take_;
  std::vector<Connection> connections_;  // Open ones, and some that have been closed.
  absl::Time swept_at_ = absl::InfinitePast();
  absl::Time reported_at_ = absl::InfinitePast();
  int64_t refused_ = 0;  // Since reported_at_.

  std::thread thread_;  // Last.
};

}  // namespace assay

#endif  // ASSAY_SERVER_CONNECTION_LISTENER_H_
