#if MuJoCo
    import CMuJoCo

    /// From where a simulation is drawn: along one axis, following its first body or standing still.
    public struct PhysicsView: Sendable {
        /// The world's axes that run to the right and upwards in the picture, and the one towards who looks.
        var right: Int
        var up: Int
        var near: Int
        /// Of the picture, m.
        var width: Double
        var height: Double
        /// What lies in the middle of the picture and at its lower edge, m; where it follows a body, relative to that.
        var centre: Double
        var bottom: Double
        var follows: Bool

        /// From the side, x to the right and z upwards, following the first body along x.
        public static func side(height: Double) -> PhysicsView {
            PhysicsView(
                right: 0, up: 2, near: 1, width: 1.6 * height, height: height, centre: 0, bottom: -0.1 * height,
                follows: true)
        }
        /// From above, a square around a point.
        public static func above(size: Double, x: Double = 0, y: Double = 0, follows: Bool = false) -> PhysicsView {
            PhysicsView(
                right: 0, up: 1, near: 2, width: size, height: size, centre: x, bottom: y - size / 2, follows: follows)
        }

        func drawing(of model: MuJoCoModel, _ data: UnsafeMutablePointer<mjData>) -> Drawing {
            let body = data.pointee.xpos + 3 * min(1, model.bodyCount - 1)
            let left = (follows ? body[right] : 0) + centre - width / 2
            let low = bottom + (follows && up == 1 ? body[1] : 0)
            func place(_ x: Double, _ y: Double) -> SIMD2<Double> { SIMD2(x - left, y - low) }
            var elements: [Drawing.Element] = [
                .rectangle(x: width / 2, y: height / 2, width: width, height: height, angle: 0, fill: "#f7f8fa")
            ]
            if follows {
                // A mark every metre shows that it moves.
                for mark in 0...Int(width + 1) {
                    let x = place(left.rounded(.up) + Double(mark), 0).x
                    guard up == 2 else { continue }
                    elements.append(
                        .line(x1: min(x, width), y1: 0, x2: min(x, width), y2: -low, width: 0.02, stroke: "#d5dbe5"))
                }
            }
            let geoms = (0..<Int(model.pointer.pointee.ngeom)).sorted {
                (data.pointee.geom_xpos[3 * $0 + near], $1) < (data.pointee.geom_xpos[3 * $1 + near], $0)
            }
            for geom in geoms where model.pointer.pointee.geom_group[geom] < 3 {
                elements += shapes(of: geom, model, data, place)
            }
            return Drawing(width: width, height: height, elements: elements)
        }

        private func shapes(
            of geom: Int, _ model: MuJoCoModel, _ data: UnsafeMutablePointer<mjData>,
            _ place: (Double, Double) -> SIMD2<Double>
        ) -> [Drawing.Element] {
            let size = model.pointer.pointee.geom_size + 3 * geom
            let position = data.pointee.geom_xpos + 3 * geom
            let turn = data.pointee.geom_xmat + 9 * geom
            let colour = colour(of: geom, model)
            /// Where a point of the geom's own frame is in the picture.
            func point(_ x: Double, _ y: Double, _ z: Double) -> SIMD2<Double> {
                func world(_ axis: Int) -> Double {
                    position[axis] + turn[3 * axis] * x + turn[3 * axis + 1] * y + turn[3 * axis + 2] * z
                }
                return place(world(right), world(up))
            }
            func circle(_ at: SIMD2<Double>, _ radius: Double) -> Drawing.Element {
                .circle(x: at.x, y: at.y, radius: radius, fill: colour)
            }
            switch mjtGeom(rawValue: UInt32(model.pointer.pointee.geom_type[geom])) {
            case mjGEOM_PLANE:
                guard up == 2 else { return [] }
                let ground = place(0, position[2]).y
                return [.line(x1: 0, y1: ground, x2: width, y2: ground, width: 0.03, stroke: "#8d9bb0")]
            case mjGEOM_SPHERE:
                return [circle(point(0, 0, 0), size[0])]
            case mjGEOM_CAPSULE, mjGEOM_CYLINDER:
                let (start, end) = (point(0, 0, -size[1]), point(0, 0, size[1]))
                return [
                    .line(x1: start.x, y1: start.y, x2: end.x, y2: end.y, width: 2 * size[0], stroke: colour),
                    circle(start, size[0]), circle(end, size[0]),
                ]
            case mjGEOM_BOX:
                let corners = [-1.0, 1].flatMap { x in
                    [-1.0, 1].flatMap { y in [-1.0, 1].map { z in point(x * size[0], y * size[1], z * size[2]) } }
                }
                return [.polygon(points: PhysicsView.hull(of: corners), fill: colour)]
            default:
                return [circle(point(0, 0, 0), model.pointer.pointee.geom_rbound[geom])]
            }
        }

        private func colour(of geom: Int, _ model: MuJoCoModel) -> String {
            let material = Int(model.pointer.pointee.geom_matid[geom])
            let base =
                material >= 0
                ? model.pointer.pointee.mat_rgba + 4 * material : model.pointer.pointee.geom_rgba + 4 * geom
            let own = model.pointer.pointee.geom_rgba + 4 * geom
            let digits = Array("0123456789abcdef")
            return (0..<3).reduce("#") { text, channel in
                // A geom's own colour counts unless it is the default grey of one that has a material.
                let value = own[channel] != 0.5 ? own[channel] : base[channel]
                let byte = Int(min(max(value, 0), 1) * 255)
                return text + String([digits[byte / 16], digits[byte % 16]])
            }
        }

        /// The convex hull of some points, anticlockwise (Andrew's monotone chain).
        static func hull(of points: [SIMD2<Double>]) -> [SIMD2<Double>] {
            let sorted = points.sorted { ($0.x, $0.y) < ($1.x, $1.y) }
            func half(_ points: some Sequence<SIMD2<Double>>) -> [SIMD2<Double>] {
                var chain: [SIMD2<Double>] = []
                for point in points {
                    while chain.count > 1 {
                        let (a, b) = (chain[chain.count - 1] - chain[chain.count - 2], point - chain[chain.count - 1])
                        if a.x * b.y - a.y * b.x > 0 { break }
                        chain.removeLast()
                    }
                    chain.append(point)
                }
                return chain.dropLast()
            }
            return half(sorted) + half(sorted.reversed())
        }
    }
#endif
